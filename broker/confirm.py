"""What became of a parcel that was sent: not known yet, confirmed, or failed."""

import threading


class Confirm:
    """One thread settles it, once; others wait for that.

    A lock and no more: a Future wakes its waiter while it still holds the lock that the
    waiter wants next, and under load such turns cost more than all of the publishing.
    """

    __slots__ = ("_unknown", "error")

    def __init__(self) -> None:
        self._unknown = threading.Lock()
        self._unknown.acquire()
        #: Once it is settled: what prevented the confirm, if anything did.
        self.error: BaseException | None = None

    def settle(self, error: BaseException | None = None) -> None:
        """Tell that it came, or why it did not; raise RuntimeError the second time."""
        self.error = error
        self._unknown.release()

    def is_settled(self) -> bool:
        """Return whether the outcome is known."""
        return not self._unknown.locked()

    def wait(self, seconds: float = -1) -> bool:
        """Return whether the outcome is known in so many seconds; -1: wait for it."""
        if not self._unknown.acquire(timeout=seconds):
            return False
        self._unknown.release()
        return True

    def result(self, seconds: float = -1) -> None:
        """Return when it has come; raise what prevented it, or TimeoutError."""
        if not self.wait(seconds):
            raise TimeoutError
        if self.error is not None:
            raise self.error
