"""Work: events/s and processor time of one worker on a queue that was filled before."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from statistics import median

from bench.bars import MIX
from bench.effort import Effort
from bench.figures import Figure
from bench.lab import Lab
from bench.mix import Mix
from bench.progress import reach
from bench.rounds import in_turn
from bench.usage import cpu_of
from bench.workers import SUBJECTS, Subject

#: The events of each case.
MIXES = {
    MIX: Mix(),
    "one hot document": Mix(entities=1, shares=(("project_update", 1),)),
    "all on different ones": Mix(entities=10**9, shares=(("project_update", 1),)),
    "1 kB bodies": Mix(size=1_000),
    "100 kB bodies": Mix(size=100_000),
}
#: How many events of a round, so that it takes some seconds; who is not here is not
#: measured in that case.
_FAST = {"Forgewire": 12_000, "bare loop": 24_000}
_CELERY = {"Celery": 2_000}
NUMBERS: dict[str, dict[str, int]] = {
    MIX: {**_FAST, **_CELERY, "Celery, prefork": 600, "Dramatiq": 2_000},
    "one hot document": {**_FAST, **_CELERY},
    "all on different ones": {**_FAST, **_CELERY},
    "1 kB bodies": _FAST,
    "100 kB bodies": {"Forgewire": 2_000, "bare loop": 2_000},
}
#: All that is measured quickly.
QUICK_NUMBERS = {MIX: {"Forgewire": 8_000, "bare loop": 14_000, "Celery": 1_800}}


@dataclass(frozen=True, slots=True)
class Round:
    """What one subject did in one round."""

    confirmed: int
    arrived: int
    #: Events/s, and microseconds of processor time for each.
    rate: float
    cpu_us: float


def measure(lab: Lab, effort: Effort) -> list[Figure]:
    """Run all cases, the subjects of each in turn."""
    cases = QUICK_NUMBERS if effort.is_quick else NUMBERS
    return [
        figure
        for case, numbers in cases.items()
        for figure in _case(lab, case, numbers, effort.rounds)
    ]


def _case(lab: Lab, case: str, numbers: Mapping[str, int], rounds: int) -> list[Figure]:
    lab.say(f"work: {case}")
    runs = {
        name: partial(_round, lab, SUBJECTS[name], MIXES[case], number)
        for name, number in numbers.items()
    }
    return [figure(name, case, found) for name, found in in_turn(runs, rounds).items()]


def _round(lab: Lab, subject: Subject, mix: Mix, number: int) -> Round:
    with subject.place(lab) as place, lab.db() as db:
        confirmed = set(subject.feed(lab, place, mix.hooks(number)))
        with subject.process(lab, place, db) as child:
            # The start of the process does not count, nor what it has done by then.
            first = reach(db, 1)
            used = cpu_of(child.pid)
            last = reach(db, len(confirmed))
            cpu_us = used() / (last.rows - first.rows) * 1e6
            child.kill()  # some take 10 s to end in good order
        rows = db["deliveries"].find({}, {"delivery_id": 1})
        arrived = confirmed & {row["delivery_id"] for row in rows}
    rate = last.rate_since(first)
    lab.say(f"work: {subject.name}, {rate:,.0f} events/s")
    return Round(len(confirmed), len(arrived), rate, cpu_us)


def figure(subject: str, case: str, rounds: list[Round]) -> Figure:
    """Return the figure of a subject's rounds."""
    return Figure(
        experiment="work",
        subject=subject,
        case=case,
        unit="events/s",
        rounds=tuple(it.rate for it in rounds),
        also={"cpu_us": median(it.cpu_us for it in rounds)},
        acknowledged=sum(it.confirmed for it in rounds),
        arrived=sum(it.arrived for it in rounds),
    )
