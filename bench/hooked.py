"""Memory of a receiver over many hooks, at full speed."""

from bench import closed, hooks
from bench.accounting import settled
from bench.bars import OURS
from bench.effort import Effort
from bench.figures import Figure
from bench.lab import Lab
from bench.usage import MIB, children, usage

CONNECTIONS = 64
#: The memory is read after these shares of the hooks.
SHARES = {"after a tenth of the hooks": 0.1, "after all hooks": 1.0}
#: The load comes in pieces of so many seconds.
PIECE_SECONDS = 5


def measure(lab: Lab, effort: Effort) -> list[Figure]:
    """Send `effort.many` hooks to one receiver."""
    lab.say(f"growth: {effort.many:,} hooks to one receiver")
    files = hooks.write(lab.folder)
    found: dict[str, tuple[float, int]] = {}
    accepted = 0
    with lab.topology() as topology, lab.receiver(topology) as url:
        (pid,) = children("ingest")
        for case, share in SHARES.items():
            while accepted < effort.many * share:
                accepted += closed.load(url, files, CONNECTIONS, PIECE_SECONDS).accepted
            found[case] = usage(pid).rss / MIB, accepted
        arrived = settled(lambda: lab.depth(topology.events), accepted)
    return [
        Figure(
            "receiver memory",
            OURS,
            case,
            "MiB",
            (mib,),
            {"hooks": number},
            acknowledged=number,
            arrived=min(number, arrived),
        )
        for case, (mib, number) in found.items()
    ]
