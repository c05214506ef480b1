"""Latency: from sending a hook to its document in MongoDB, where all can see it.

What is waited for is the document of a user who is new, and the row of the ledger: the
two documents that are written apart, too, after a publish that is confirmed apart.
"""

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from random import Random

import orjson
from pymongo.database import Database

from bench import apart, progress, samples
from bench.effort import Effort
from bench.feed import SOURCE
from bench.figures import Figure
from bench.lab import Lab
from bench.mix import Hook, Mix
from bench.posts import post_at_rate, poster
from bench.samples import Samples
from bench.visible import Seen, watching

IDLE = "idle"
#: Events/s, by case.
RATES = {"50 events/s": 50, "500 events/s": 500}
#: One in so many hooks is of a new user and timed; the others are the mix.
PROBES = 5
#: Samples of a round at rest, quickly and else, and those before that do not count.
FEW, MANY, WARM_UP = 30, 100, 10
#: Seconds before each of them, at random: no server's rhythm shall meet all alike.
PAUSE = (0.02, 0.06)
PATIENCE_SECONDS = 30.0


def measure(lab: Lab, effort: Effort) -> list[Figure]:
    """Measure at rest, beside confirm and write; then, unless quick, under load."""
    lab.say("latency: idle")
    count = FEW if effort.is_quick else MANY
    idle = [_idle(lab, count, number) for number in range(effort.rounds)]
    figures = [samples.ours(IDLE, idle), *samples.references(IDLE, idle)]
    if effort.is_quick:
        return figures
    loads: dict[str, list[Samples]] = {case: [] for case in RATES}
    for number in range(effort.rounds):
        for case, rate in RATES.items():
            lab.say(f"latency: {case}")
            loads[case].append(_loaded(lab, rate, effort.seconds, number))
    return figures + [samples.ours(case, rounds) for case, rounds in loads.items()]


@dataclass(frozen=True, slots=True)
class _Site:
    """A receiver and a worker, and what is seen of their database."""

    url: str
    db: Database
    seen: Seen

    def time(self, hook: Hook, begin: float, into: Samples) -> None:
        """Wait for the documents of a hook, and keep how long they took."""
        user, row = keys(hook)
        seconds = PATIENCE_SECONDS
        into.visible.append(self.seen.wait(user, seconds=seconds) - begin)
        into.accounted.append(self.seen.wait(row, seconds=seconds) - begin)

    def account(self, hooks: Sequence[Hook], into: Samples) -> None:
        """Count what was acknowledged, all of `hooks`, and what has arrived."""
        progress.reach(self.db, len(hooks))
        rows = self.db["deliveries"].find({}, {"delivery_id": 1})
        arrived = {row["delivery_id"] for row in rows}
        into.acknowledged = len(hooks)
        into.arrived = sum(hook.delivery_id in arrived for hook in hooks)


@contextmanager
def _site(lab: Lab) -> Iterator[_Site]:
    with (
        lab.topology() as topology,
        lab.db() as db,
        lab.receiver(topology) as url,
        lab.worker(topology, db),
        watching(db) as seen,
    ):
        yield _Site(url, db, seen)


def _idle(lab: Lab, count: int, number: int) -> Samples:
    hooks, random = new_users(number, WARM_UP + count), Random(number)
    found = Samples()
    with _site(lab) as site, apart.opened(lab) as alone, poster(site.url) as sender:

        def pause() -> None:
            time.sleep(random.uniform(*PAUSE))

        for turn, hook in enumerate(hooks):
            if turn == WARM_UP:
                found = Samples()
            pause()
            begin = time.monotonic()
            sender.post(hook)
            site.time(hook, begin, found)
            pause()
            found.confirm.append(alone.confirm(hook))
            documents = [site.db[name].find_one({"_id": it}) for name, it in keys(hook)]
            pause()
            found.write.append(alone.write(*documents))
        site.account(hooks, found)
    return found


def _loaded(lab: Lab, rate: int, seconds: float, number: int) -> Samples:
    # The first second is to warm up.
    hooks = with_probes(number, round(rate * (1 + seconds)))
    found = Samples()
    with _site(lab) as site:
        due = post_at_rate(site.url, hooks, rate)
        timed = list(zip(hooks, due, strict=True))[rate:]
        for hook, at in timed[-rate % PROBES :: PROBES]:
            site.time(hook, at, found)
        site.account(hooks, found)
    return found


def keys(hook: Hook) -> tuple[tuple[str, str], tuple[str, str]]:
    """Return (collection, _id) of the user that a hook is about, and of its row."""
    user = orjson.loads(hook.body)["user_id"]
    return ("users", f"{SOURCE}:{user}"), ("deliveries", f"{SOURCE}:{hook.delivery_id}")


def new_users(seed: int, count: int) -> list[Hook]:
    """Return so many hooks, each of another new user."""
    shares = (("user_create", 1),)
    return list(Mix(entities=10**9, shares=shares, seed=2 * seed).hooks(count))


def with_probes(seed: int, count: int) -> list[Hook]:
    """Return so many hooks: one of a new user, then of the mix, and so on."""
    hooks = list(Mix(seed=2 * seed + 1).hooks(count))
    hooks[::PROBES] = new_users(seed, len(hooks[::PROBES]))
    return hooks
