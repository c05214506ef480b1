"""Listing: a page of users in each order, from the first page to far behind.

The place where a far page begins is looked up in MongoDB and made a cursor, as the API
would have made it: to follow 5,000 links in each order would take minutes.
"""

import http.client
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from statistics import median, quantiles
from urllib.parse import urlencode, urlsplit

from pymongo.database import Database

from api import keyring, services
from api.keyring import Keyring
from api.resources import cursor
from bench.bars import OURS
from bench.effort import Effort
from bench.figures import Figure
from bench.lab import Lab, await_ready
from bench.populate import populate
from bench.rounds import in_turn
from cli.local import ports
from config.settings import load
from state.orders import ANY_CASE, LISTED, Order
from state.question import Place

USERS, QUICK_USERS = 1_000_000, 20_000
ROWS = 100
#: Which pages are asked for: the first, and the ones after so many others.
PAGES, QUICK_PAGES = (1, 100, 5_000), (1, 100)
#: Requests of one round in each case, and those before that do not count.
REQUESTS, WARM_UP = 100, 5
#: What a listing may take, 99 of 100 times, in milliseconds.
ALLOWED_MS = 50
SLOWEST, ALLOWED = "the slowest", "what is allowed"


@dataclass(frozen=True, slots=True)
class Case:
    """One page in one order."""

    sort: str
    page: int

    @property
    def name(self) -> str:
        return f"by {self.sort}, page {self.page:,}"


def measure(lab: Lab, effort: Effort) -> list[Figure]:
    """Measure every order at each page, in turn, by one client."""
    users = QUICK_USERS if effort.is_quick else USERS
    with lab.db() as db:
        lab.say(f"listing: writing {users:,} users")
        populate(db, users)
        with _api(lab, db) as (url, token):
            cases = _cases(QUICK_PAGES if effort.is_quick else PAGES)
            runs = {
                case.name: partial(_round, url, token, _path(db, case))
                for case in cases
            }
            lab.say(f"listing: {len(cases)} pages")
            found = in_turn(runs, effort.rounds)
    return figures({case: found[case.name] for case in cases}, users)


def figures(found: dict[Case, list[list[float]]], users: int) -> list[Figure]:
    """Return a figure for each case, and those that the bars need; times in ms."""
    each = {
        case: Figure(
            "listing",
            OURS,
            case.name,
            "ms, p99",
            tuple(map(_p99, rounds)),
            {"p50_ms": median(map(median, rounds)), "users": users},
        )
        for case, rounds in found.items()
    }
    first, last = min(it.page for it in each), max(it.page for it in each)
    return [
        *each.values(),
        _slowest(SLOWEST, list(each.values())),
        *(
            _slowest(f"{SLOWEST}, {name} page", _of_page(each, page))
            for name, page in (("first", first), ("last", last))
        ),
        Figure("listing", ALLOWED, SLOWEST, "ms, p99", (float(ALLOWED_MS),)),
    ]


def _slowest(case: str, figures: list[Figure]) -> Figure:
    worst = max(figures, key=lambda it: it.median)
    return Figure("listing", OURS, case, "ms, p99", worst.rounds, worst.also)


def _of_page(each: dict[Case, Figure], page: int) -> list[Figure]:
    return [it for case, it in each.items() if case.page == page]


def _p99(times: list[float]) -> float:
    return quantiles(times, n=100, method="inclusive")[-1]


def _cases(pages: tuple[int, ...]) -> list[Case]:
    sorts = [name for sort in LISTED["users"].orders for name in (sort, f"-{sort}")]
    return [Case(sort, page) for sort in sorts for page in pages]


def _path(db: Database, case: Case) -> str:
    asked = {"sort": case.sort, "limit": str(ROWS)}
    if case.page > 1:
        listing = f"users {case.sort}"
        asked["cursor"] = cursor.written(listing, _place(db, case))
    return f"/api/v1/users?{urlencode(asked)}"


def _place(db: Database, case: Case) -> Place:
    """Return where the page before this one ends."""
    order: Order = LISTED["users"].orders[case.sort.removeprefix("-")]
    way = -1 if case.sort.startswith("-") else 1
    row = db["users"].find_one(
        {"state": "active"},
        sort=[(name, way) for name, _ in order.keys],
        skip=(case.page - 1) * ROWS - 1,
        collation=ANY_CASE if order.holds == "text" else None,
        hint=f"by_{case.sort.removeprefix('-')}",
    )
    return Place(row.get(order.field), row["_id"])


def _round(url: str, token: str, path: str) -> list[float]:
    """Return how long each request took, in milliseconds."""
    connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=30)
    headers = {"Authorization": f"Bearer {token}"}
    times = []
    for _ in range(WARM_UP + REQUESTS):
        begin = time.perf_counter()
        connection.request("GET", path, headers=headers)
        answer = connection.getresponse()
        body = answer.read()
        times.append((time.perf_counter() - begin) * 1e3)
        if answer.status != 200 or body.count(b'"id"') != ROWS:
            raise RuntimeError(f"{path}: {answer.status}")
    connection.close()
    return times[WARM_UP:]


@contextmanager
def _api(lab: Lab, db: Database) -> Iterator[tuple[str, str]]:
    """Run an API on `db`, and give its URL and a token."""
    bind = f"{ports.HOST}:{ports.free()}"
    keys = lab.folder / f"{db.name}-keys.json"
    keyring.generate(keys, "ES256", time.time())
    given = {
        "FORGEWIRE_API_BIND": bind,
        "FORGEWIRE_MONGODB_URL": lab.url_of(db.name),
        "FORGEWIRE_AMQP_URL": lab.broker.url,
        "FORGEWIRE_JWT_KEYS_PATH": str(keys),
        "FORGEWIRE_LOG_FORMAT": "json",
    }
    made = services.assemble(load(given), db, Keyring(keys), lambda: datetime.now(UTC))
    made.accounts.set_role("service:bench", "viewer", by="bench", at=made.now())
    standing = made.accounts.standing("service:bench")
    with lab.process("api", ["-m", "api"], given) as child:
        await_ready(child, f"http://{bind}")
        yield f"http://{bind}", made.tokens.issue(standing, "mint").token
