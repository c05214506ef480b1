"""One accepted hook, as it travels through the broker."""

from dataclasses import dataclass, field


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
    traceparent: str | None = None
    #: Who sent it by hand: "gitlab:41"; None if the host did.
    sent_by: str | None = None
