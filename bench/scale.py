"""Scale out: several workers on one queue, several receivers at once, who uses what."""

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from statistics import median

from bench import closed, hooks
from bench.accounting import settled
from bench.bars import OURS
from bench.effort import Effort
from bench.feed import feed
from bench.figures import Figure
from bench.lab import Lab
from bench.mix import Mix
from bench.parts import PARTS, watch
from bench.progress import reach, rows
from bench.rounds import in_turn
from bench.usage import children

COUNTS, QUICK_COUNTS = (1, 2, 4), (1, 2)
#: Events of a round, and those more that are worked while further workers start.
EVENTS, EVENTS_PER_START = 12_000, 5_000
#: Connections to all receivers together.
CONNECTIONS = 64


@dataclass(frozen=True, slots=True)
class Round:
    """What so many processes did in one round."""

    rate: float
    #: Microseconds of processor time for one event or hook, by part.
    cpu: Mapping[str, float]
    acknowledged: int
    arrived: int


def measure(lab: Lab, effort: Effort) -> list[Figure]:
    """Run each number of workers, and of receivers, in turn."""
    counts = QUICK_COUNTS if effort.is_quick else COUNTS
    # In a quick run one round must do: the starts take the most of it.
    rounds = 1 if effort.is_quick else effort.rounds
    lab.say("scale: workers")
    by_workers = in_turn({f"{it}": partial(_work, lab, it) for it in counts}, rounds)
    lab.say("scale: receivers")
    seconds = max(2.0, effort.seconds / 2)
    by_receivers = in_turn(
        {f"{it}": partial(_receive, lab, it, seconds) for it in counts}, rounds
    )
    return [
        *_figures("worker", "events/s", by_workers),
        *_figures("receiver", "hooks/s", by_receivers),
    ]


def _work(lab: Lab, number: int) -> Round:
    events = EVENTS + EVENTS_PER_START * (number - 1)
    with lab.topology() as topology, lab.db() as db, ExitStack() as stack:
        confirmed = feed(lab, topology, Mix().hooks(events))
        started = [stack.enter_context(lab.worker(topology, db)) for _ in range(number)]
        used = watch(lab, workers=[it.pid for it in started])
        first = reach(db, rows(db))
        # Not to the end, where some of the workers have nothing left.
        last = reach(db, round(0.95 * len(confirmed)))
        cpu, done = used(), last.rows - first.rows
        arrived = reach(db, len(confirmed)).rows
    return Round(last.rate_since(first), _each(cpu, done), len(confirmed), arrived)


def _receive(lab: Lab, number: int, seconds: float) -> Round:
    files = hooks.write(lab.folder)
    with lab.topology() as topology, ExitStack() as stack:
        urls = [stack.enter_context(lab.receiver(topology)) for _ in range(number)]

        def load(url: str, seconds: float) -> closed.Outcome:
            return closed.load(url, files, CONNECTIONS // number, seconds)

        with ThreadPoolExecutor(number) as pool:
            list(pool.map(partial(load, seconds=1), urls))
            used = watch(lab, receivers=children("ingest"))
            before = settled(lambda: lab.depth(topology.events), 0)
            outcomes = list(pool.map(partial(load, seconds=seconds), urls))
        cpu, accepted = used(), sum(it.accepted for it in outcomes)
        arrived = settled(lambda: lab.depth(topology.events), before + accepted)
    rate = sum(it.accepted / it.seconds for it in outcomes)
    return Round(rate, _each(cpu, accepted), accepted, arrived - before)


def _each(cpu: Mapping[str, float], number: int) -> dict[str, float]:
    return {part: seconds / number * 1e6 for part, seconds in cpu.items()}


def _figures(what: str, unit: str, found: Mapping[str, list[Round]]) -> list[Figure]:
    return [
        Figure(
            "scale",
            OURS,
            f"{number} {what}{'' if number == '1' else 's'}",
            unit,
            tuple(it.rate for it in rounds),
            {f"{part}_us": median(it.cpu[part] for it in rounds) for part in PARTS},
            acknowledged=sum(it.acknowledged for it in rounds),
            arrived=sum(min(it.arrived, it.acknowledged) for it in rounds),
        )
        for number, rounds in found.items()
    ]
