"""What keeps a server that we ask from answering; no message names a secret."""

from schemas.errors import ForgewireError


class NoAnswer(ForgewireError):
    """Raised when a server that settings name gave no answer that can be used."""

    #: What the caller of the API is answered.
    status = 502


class Away(NoAnswer):
    """Raised when a server cannot be reached, or says what makes no sense."""


class TimedOut(NoAnswer):
    """Raised when a server takes too long."""

    status = 504


class PrivateAddress(NoAnswer):
    """Raised when a name leads to addresses that may not be asked."""
