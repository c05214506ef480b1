"""Receive: how many hooks a second, and how soon each of them is answered."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from statistics import median

from bench import accounting, closed, fixed_rate, hooks
from bench.bars import LOAD, OURS, PUBLISH_ONLY
from bench.effort import Effort
from bench.figures import Figure
from bench.lab import Lab
from bench.receivers import OPENERS, Opener, Receiver, forgewire_without_broker
from bench.rounds import in_turn

CLOSED, OPEN = "receive", "receive at a fixed rate"
#: Connections of the closed loop, by case.
CONNECTIONS = {f"{it} connection{'s' * (it > 1)}": it for it in (1, 16, 64, 256)}
#: Hooks a second of the open loop, by case.
RATES = {f"{it} hooks/s": it for it in (200, 1000)}
SPOOLING = "Forgewire, broker stopped"
QUICK_SUBJECTS = (OURS, "no-op Flask view", PUBLISH_ONLY, "Flask and Celery")
#: Before each round, so that threads and connections are there.
WARM_UP_SECONDS = 1
OPEN_SECONDS = 3
UNITS = {CLOSED: "hooks/s", OPEN: "ms"}


@dataclass(frozen=True, slots=True)
class Result:
    """One case of one round."""

    value: float
    also: Mapping[str, float]
    acknowledged: int
    arrived: int


#: One round of a subject: what it reached, by experiment and case.
Round = Mapping[tuple[str, str], Result]
#: What loads a receiver, and returns what it reached.
Cases = dict[tuple[str, str], Callable[[Receiver], Result]]


def measure(lab: Lab, effort: Effort) -> list[Figure]:
    """Measure closed and open loop; quickly, only what the bars need, and the spool."""
    files = hooks.write(lab.folder)
    names = QUICK_SUBJECTS if effort.is_quick else OPENERS
    in_closed, in_open = _closed_cases(files, effort), _open_cases(files, effort)
    turns = {
        name: partial(_round, lab, name, OPENERS[name], files, in_closed | in_open)
        for name in names
    }
    spooling = partial(
        _round, lab, SPOOLING, forgewire_without_broker, files, in_closed
    )
    if effort.is_quick:
        found = in_turn(turns, effort.rounds) | {SPOOLING: [spooling()]}
    else:
        found = in_turn(turns | {SPOOLING: spooling}, effort.rounds)
    _tell_alarms(lab)
    return [it for name, rounds in found.items() for it in figures(name, rounds)]


def _closed_cases(files: hooks.Files, effort: Effort) -> Cases:
    if effort.is_quick:
        return {
            (CLOSED, LOAD): partial(_closed, files, CONNECTIONS[LOAD], effort.seconds)
        }
    share = effort.seconds / len(CONNECTIONS)
    return {
        (CLOSED, case): partial(_closed, files, number, share)
        for case, number in CONNECTIONS.items()
    }


def _open_cases(files: hooks.Files, effort: Effort) -> Cases:
    rates = {} if effort.is_quick else RATES
    return {
        (OPEN, case): partial(_open, files, rate, OPEN_SECONDS)
        for case, rate in rates.items()
    }


def _round(
    lab: Lab, name: str, opener: Opener, files: hooks.Files, cases: Cases
) -> Round:
    """Start a subject, load it, and stop it.

    None is there while another is measured: connections and threads that idle cost
    the broker and the machine something, and a queue that was there before, too.
    """
    lab.say(f"receive: {name}")
    with opener(lab) as receiver:
        with accounting.counted(receiver):
            closed.load(receiver.url, files, CONNECTIONS[LOAD], WARM_UP_SECONDS)
        return {where: case(receiver) for where, case in cases.items()}


def _closed(
    files: hooks.Files, connections: int, seconds: float, receiver: Receiver
) -> Result:
    with accounting.counted(receiver) as account:
        seen = closed.load(receiver.url, files, connections, seconds)
        account.acknowledged = seen.accepted
    also = {"p50_ms": seen.p50_ms, "p99_ms": seen.p99_ms, "p999_ms": seen.p999_ms}
    return Result(
        seen.accepted / seen.seconds,
        {**also, "failed": seen.failed},
        account.acknowledged,
        account.arrived,
    )


def _open(files: hooks.Files, rate: int, seconds: float, receiver: Receiver) -> Result:
    seen = fixed_rate.load(receiver.url, files, rate, seconds)
    arrived = accounting.found(receiver, seen.accepted)
    also = {
        "p50_ms": 1000 * fixed_rate.percentile(seen.latencies, 50),
        "p999_ms": 1000 * fixed_rate.percentile(seen.latencies, 99.9),
        "hooks/s": len(seen.accepted) / seen.seconds,
        "failed": seen.failed,
        # What of this the sender itself is to blame for.
        "sent_late_p99_ms": 1000 * fixed_rate.percentile(seen.delays, 99),
    }
    p99 = 1000 * fixed_rate.percentile(seen.latencies, 99)
    return Result(p99, also, len(seen.accepted), arrived)


def figures(name: str, rounds: list[Round]) -> list[Figure]:
    return [
        Figure(
            experiment,
            name,
            case,
            UNITS[experiment],
            tuple(it.value for it in results),
            {key: median(it.also[key] for it in results) for key in results[0].also},
            sum(it.acknowledged for it in results),
            sum(it.arrived for it in results),
        )
        for experiment, case in rounds[0]
        for results in [[it[experiment, case] for it in rounds]]
    ]


def _tell_alarms(lab: Lab) -> None:
    log = lab.broker.node.log.read_text("utf-8", "replace")
    if "alarm set" in log:
        lab.say("RabbitMQ ran short of memory or disk: these figures are no good")
