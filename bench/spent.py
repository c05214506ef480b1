"""What one process spent on each event in a window of time, and on what."""

from collections.abc import Mapping
from dataclasses import dataclass

HELD, OUTSIDE, WAITING = "interpreter held", "outside the interpreter", "waiting"
CLOCK, PROCESSOR, KERNEL = "by the clock", "processor time", "of this in the kernel"
TURNS = "turns"


@dataclass(frozen=True, slots=True)
class Spent:
    """For all events of the window: seconds, and how often a thread gave way."""

    clock: float
    processor: float
    #: Of the processor time, what the kernel took for the process.
    kernel: float
    #: Context switches of all threads, wanted or not.
    turns: int

    def less(self, earlier: "Spent") -> "Spent":
        """Return what was spent since then."""
        return Spent(
            self.clock - earlier.clock,
            self.processor - earlier.processor,
            self.kernel - earlier.kernel,
            self.turns - earlier.turns,
        )


def each(
    spent: Spent, events: int, parts: Mapping[str, float], *, is_alone: bool
) -> dict[str, float]:
    """Return microseconds for one event by part, and further down their sums.

    `parts` says for how many of them each part of Python holds the interpreter. In a
    process that works in one thread (`is_alone`), what is neither Python's nor outside
    is waiting; elsewhere a thread may wait while others work. Nothing is below 0,
    though the two may have been measured in windows that differ a little.
    """
    clock, processor, kernel = (
        1e6 * seconds / events
        for seconds in (spent.clock, spent.processor, spent.kernel)
    )
    held = sum(parts.values())
    outside = max(0.0, processor - held)
    waiting = {WAITING: max(0.0, clock - held - outside)} if is_alone else {}
    sums = {HELD: held, PROCESSOR: processor, KERNEL: kernel, CLOCK: clock}
    turns = {TURNS: spent.turns / events}
    return {**parts} | {OUTSIDE: outside} | waiting | sums | turns
