"""Read from the address of a page which deliveries are searched for."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from state.deliveries import Wanted
from state.ledger import OUTCOMES
from state.orders import LISTED

#: Spans that end now, as the page offers them.
WITHIN: Mapping[str, tuple[str, timedelta]] = {
    "15m": ("the last 15 minutes", timedelta(minutes=15)),
    "1h": ("the last hour", timedelta(hours=1)),
    "1d": ("the last 24 hours", timedelta(days=1)),
    "7d": ("the last 7 days", timedelta(days=7)),
}
#: What a page may be asked by.
FIELDS = ("id", "event", "outcome", "entity", "source", "within", "since", "until")
MAX_CHARS = 255
_ENTITY = re.compile(r"([A-Za-z_]+)[\s/]+(\S+)")


@dataclass(frozen=True, slots=True)
class Search:
    """What is searched for; `problems` says by field what cannot be understood."""

    #: As it was typed.
    given: Mapping[str, str]
    #: The beginning of a delivery id; if there is one, only the source counts beside.
    id: str
    wanted: Wanted
    problems: Mapping[str, str] = field(default_factory=dict)

    @property
    def is_narrow(self) -> bool:
        """Return whether anything is asked for in particular."""
        return bool(self.given)


def read(args: Mapping[str, str], now: datetime) -> Search:
    """Return what the arguments of an address ask for."""
    given = {it: args.get(it, "").strip()[:MAX_CHARS] for it in FIELDS}
    given = {name: text for name, text in given.items() if text}
    problems: dict[str, str] = {}
    wanted = Wanted(
        events=_one(given, "event"),
        outcomes=_outcomes(given, problems),
        sources=_one(given, "source"),
        entities=_entities(given, problems),
        since=_since(given, now, problems),
        until=_moment(given, "until", problems),
    )
    return Search(given, given.get("id", ""), wanted, problems)


def _one(given: Mapping[str, str], name: str) -> tuple[str, ...]:
    return (given[name],) if name in given else ()


def _outcomes(given: Mapping[str, str], problems: dict[str, str]) -> tuple[str, ...]:
    found = _one(given, "outcome")
    if set(found) - set(OUTCOMES):
        problems["outcome"] = f"One of {', '.join(OUTCOMES)}."
        return ()
    return found


def _entities(given: Mapping[str, str], problems: dict[str, str]) -> tuple[str, ...]:
    if "entity" not in given:
        return ()
    match = _ENTITY.fullmatch(given["entity"])
    if match is None:
        problems["entity"] = "A kind and an id, such as users/41."
        return ()
    kind, id_ = match.groups()
    # "user 41" is what people type.
    kinds = [name for name in LISTED if name.rstrip("s") == kind.lower().rstrip("s")]
    return (f"{kinds[0] if kinds else kind}/{id_}",)


def _since(
    given: Mapping[str, str], now: datetime, problems: dict[str, str]
) -> datetime | None:
    within = given.get("within")
    if within is None:
        return _moment(given, "since", problems)
    if within not in WITHIN:
        problems["within"] = f"One of {', '.join(WITHIN)}."
        return None
    return now - WITHIN[within][1]


def _moment(
    given: Mapping[str, str], name: str, problems: dict[str, str]
) -> datetime | None:
    if name not in given:
        return None
    try:
        moment = datetime.fromisoformat(given[name])
        return moment.replace(tzinfo=moment.tzinfo or UTC).astimezone(UTC)
    except (ValueError, OverflowError):
        problems[name] = "A time in UTC, such as 2026-11-22T14:03."
        return None
