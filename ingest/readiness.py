"""Tell whether hooks can be taken now, and what somebody should look at."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from health.routes import Check

_BROKER_HINT = (
    "The broker does not confirm events: check that RabbitMQ runs and that "
    "FORGEWIRE_AMQP_URL is right. The receiver connects again by itself."
)
_SPOOL_HINT = (
    "The spool takes no events: its disk or FORGEWIRE_SPOOL_MAX_BYTES is full, or "
    "FORGEWIRE_SPOOL_DIR cannot be written to. The log says which."
)
_AGE_HINT = (
    "Events have been in the spool for longer than FORGEWIRE_SPOOL_MAX_AGE_SECONDS. "
    "None is lost. They leave it when the broker confirms again; if it does and they "
    "stay, see the log for a crash, and start the receiver again."
)


@dataclass(frozen=True, slots=True)
class Readiness:
    """What the receiver can tell of the places where it puts events."""

    broker: Callable[[], bool]
    spool: Callable[[], bool]
    #: Whether the spool is drained, and holds nothing older than it should be.
    is_fresh: Callable[[], bool]

    def checks(self) -> list[Check]:
        """Return the checks of /readyz."""
        return [
            Check("broker", self.broker, _BROKER_HINT),
            Check("spool", self.spool, _SPOOL_HINT),
            Check("spool-age", self.is_fresh, _AGE_HINT),
        ]


def is_enough(found: Mapping[str, bool]) -> bool:
    """Return whether hooks should come here: one safe place is enough.

    A load balancer that turned away from a receiver that can spool would lose hooks.
    """
    return found["broker"] or found["spool"]
