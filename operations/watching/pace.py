"""Say when the next sample is due: later after failures, and after dear ones."""

from dataclasses import dataclass

#: Beyond so many failures in a row the pause is as long as it gets.
_MAX_DOUBLINGS = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """How often to take samples; times in seconds."""

    #: From one sample to the next, if all goes well.
    every: float
    #: The longest pause after failures.
    longest: float
    #: At most so large a share of the time is spent on taking them.
    share: float = 1.0
    #: How much of each is only waited, which costs nobody anything.
    idle: float = 0.0

    def pause(self, *, failures: int, took: float, chance: float) -> float:
        """Return how long to wait after a sample that took so long.

        `failures` is how many in a row failed, `chance` a random number from 0 to 1:
        those of several processes are not to fall on one moment.
        """
        doublings = min(failures, _MAX_DOUBLINGS)
        backed_off: float = min(self.every * 2.0**doublings, self.longest)
        return max(backed_off, (took - self.idle) / self.share) * (0.9 + 0.2 * chance)
