"""What can go wrong between the receiver and its own disk."""

from schemas.errors import ForgewireError, Unavailable


class CannotSpool(Unavailable):
    """Raised when the spool does not take an event now; nothing of it is kept."""


class NotASpoolFile(ForgewireError):
    """Raised when a file is not ours, or of a version that we cannot read."""


class FileInUse(ForgewireError):
    """Raised when somebody else works on a file that was set aside."""
