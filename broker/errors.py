"""What can go wrong between us and RabbitMQ, below the common error tree."""

from schemas.errors import BrokerUnavailable, ForgewireError


class NotConnected(BrokerUnavailable):
    """Raised at once while there is no usable connection."""


class ConnectionLost(BrokerUnavailable):
    """Raised when the connection or channel went away before the confirm came."""


class Blocked(BrokerUnavailable):
    """Raised while RabbitMQ takes no messages, being short of memory or disk."""


class Returned(BrokerUnavailable):
    """Raised when no queue was bound to take the message."""


class Refused(BrokerUnavailable):
    """Raised when RabbitMQ answered that it did not store the message."""


class TooLate(BrokerUnavailable):
    """Raised when no confirm came before our own deadline; it may have been stored."""


class TopologyConflict(BrokerUnavailable):
    """Raised when an exchange or queue of ours exists with other arguments."""


class Unsendable(ForgewireError):
    """Raised when a message can never be sent, however often one tries."""


class TooLarge(Unsendable):
    """Raised when a message is larger than RabbitMQ's `max_message_size`."""


class BadAddress(ForgewireError):
    """Raised at start when a part of the AMQP URL cannot be understood."""
