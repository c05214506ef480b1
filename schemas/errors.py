"""What can go wrong with an event, as one tree; no message carries payload values."""


class ForgewireError(Exception):
    """The base of every error that Forgewire raises on purpose."""


class BadBody(ForgewireError):
    """Raised by the receiver's side when a body can never become an event."""


class NotAnObject(BadBody):
    """Raised when a body is not one JSON object in UTF-8."""


class NoEventName(BadBody):
    """Raised when neither `event_name` nor `object_kind` is a usable name."""


class Rejected(ForgewireError):
    """Raised when an event can never be applied; it becomes a dead letter."""

    #: A short code that people and programs filter dead letters by.
    reason = "rejected"


class Undecodable(Rejected):
    """Raised when a message from the broker is no envelope of ours."""

    reason = "undecodable"


class InvalidPayload(Rejected):
    """Raised when a payload does not fit the schema of its event."""

    reason = "invalid-payload"


class HandlerFailed(Rejected):
    """Raised when a handler raised: it is wrong, and will be wrong again."""

    reason = "handler-failed"


class Unstorable(Rejected):
    """Raised when MongoDB can never take what an event declares."""

    reason = "unstorable"


class Poison(Rejected):
    """Raised when workers that began with an event alone never came to its end."""

    reason = "poison"


class Unavailable(ForgewireError):
    """Raised when a server is away for now; the same call may succeed later."""


class BrokerUnavailable(Unavailable):
    """Raised when RabbitMQ did not confirm a message, for whatever cause."""


class StateUnavailable(Unavailable):
    """Raised when MongoDB did not confirm a write or answer a read."""


class TookTooLong(ForgewireError):
    """Raised when there is more to do than can be done in the time given."""
