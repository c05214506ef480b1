"""How much is measured: all of it, or enough to see a change in three minutes."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Effort:
    """Bounds that each experiment keeps to."""

    is_quick: bool
    #: How often each subject runs, in turn with the others.
    rounds: int
    #: How long a subject is under load in one round, in seconds.
    seconds: float
    #: The larger number of queued events, entities or hooks where growth is measured.
    many: int


WHOLE = Effort(is_quick=False, rounds=5, seconds=8, many=1_000_000)
QUICK = Effort(is_quick=True, rounds=2, seconds=2, many=50_000)
