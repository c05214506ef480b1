"""Stop a worker that rejects one event after the other: the fault may be its own."""

from schemas.errors import ForgewireError


class TooManyRejections(ForgewireError):
    """Raised before anything is buried when too many were rejected in a row."""


class Brake:
    """Counts rejections since the last event that fitted; `is_on` is for any thread."""

    def __init__(self, limit: int) -> None:
        """Stop at `limit` rejections in a row; at none if it is 0."""
        self._limit = limit
        self._streak = 0
        #: True while the worker stands still.
        self.is_on = False

    def check(self, *, rejected: int, fitted: int) -> None:
        """Raise TooManyRejections if these must not be buried.

        While the brake is on, whoever probes knows what they do.
        """
        streak = self._streak + rejected
        if self._limit and not fitted and not self.is_on and streak >= self._limit:
            raise TooManyRejections(
                f"{streak} events in a row were rejected, and not one fitted"
            )

    def note(self, *, rejected: int, fitted: int) -> None:
        """Count what was worked; whatever fits releases the brake."""
        self._streak = 0 if fitted else self._streak + rejected
        self.is_on = self.is_on and not fitted

    def pardon(self, number: int) -> None:
        """Do not count so many rejections: what fitted among them speaks for us."""
        self._streak = -number
