"""Count what becomes of dead letters while a job is at them."""

from dataclasses import asdict, dataclass, field
from typing import Any

from operations.replaying import Report

#: So many are remembered one by one, of what stayed and of what was sent.
MAX_REFUSED, MAX_SENT = 50, 1_000
_OF_REFUSED = ("delivery_id", "source", "event", "refused_for", "problem")


@dataclass(slots=True)
class Progress:
    """How far a job is."""

    #: How many dead letters there were at its beginning.
    total: int = 0
    looked_at: int = 0
    sent: int = 0
    refused: int = 0
    dropped: int = 0
    refused_ones: list[dict[str, Any]] = field(default_factory=list)
    #: The key of each delivery in the ledger, and how often it had been tried.
    sent_ones: list[tuple[str, int]] = field(default_factory=list)

    def take(self, report: Report) -> None:
        """Count what is reported, and empty the report: it would grow and grow."""
        self.sent += len(report.replayed)
        self.refused += len(report.refused)
        for told in report.refused[: MAX_REFUSED - len(self.refused_ones)]:
            self.refused_ones.append({name: told[name] for name in _OF_REFUSED})
        for told in report.replayed[: MAX_SENT - len(self.sent_ones)]:
            key = f"{told['source']}:{told['delivery_id']}"
            self.sent_ones.append((key, told["attempts"]))
        report.replayed.clear()
        report.refused.clear()

    def numbers(self) -> dict[str, int]:
        """Return how many there were of each kind."""
        return {name: it for name, it in asdict(self).items() if isinstance(it, int)}

    def as_row(self) -> dict[str, Any]:
        """Return all of it."""
        return asdict(self)
