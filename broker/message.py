"""One accepted hook, as it travels through the broker."""

from dataclasses import dataclass, field

from tracing import header


@dataclass(frozen=True, slots=True)
class Message:
    """A hook that was authenticated and named; `repr` shows no payload."""

    source: str
    event: str
    delivery_id: str
    #: Which receiver start took it, and its number there: "3f9c2a71.42"; of what people
    #: send by hand, "manual." and an UUID: no receiver numbered it.
    receipt: str
    #: Microseconds since 1970, UTC, by the receiver's clock.
    received_at: int
    body: bytes = field(repr=False)
    attempt: int = 1
    #: The trace that it belongs to, as W3C Trace Context has it.
    traceparent: str | None = None
    tracestate: str | None = None
    #: Who sent it by hand: "gitlab:41"; None if the host did.
    sent_by: str | None = None

    @property
    def trace_id(self) -> str | None:
        """Return the name of its trace, if it belongs to one."""
        return header.trace_id(self.traceparent)

    def names(self) -> dict[str, str]:
        """Return what lines of the log say of it: by what it is found."""
        trace_id = self.trace_id
        told = {"delivery_id": self.delivery_id}
        return told if trace_id is None else told | {"trace_id": trace_id}
