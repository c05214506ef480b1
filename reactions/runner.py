"""Run reactions one by one in a child process, and kill it when one takes too long."""

import multiprocessing
from multiprocessing.connection import Connection

from reactions.child import Failure, Prepare, serve

#: How long a child may take to load the reactions, in seconds.
START_SECONDS = 60.0

# Not forked: threads and connections of ours would not survive that.
_context = multiprocessing.get_context("spawn")


class Runner:
    """A child process, started anew whenever it is gone; for one thread."""

    def __init__(self, prepare: Prepare) -> None:
        """`prepare` is called in the child, so it must be picklable."""
        self._prepare = prepare
        self._child: multiprocessing.process.BaseProcess | None = None
        self._connection: Connection | None = None

    def start(self) -> Connection | None:
        """Have a child that is ready; return None if it ended at once."""
        if self._connection is not None:
            return self._connection
        ours, theirs = _context.Pipe()
        self._child = _context.Process(
            target=serve, args=(theirs, self._prepare), name="reactions", daemon=True
        )
        self._child.start()
        # Else nobody would tell us that the child is gone.
        theirs.close()
        self._connection = ours
        if self._answer(ours, START_SECONDS) is not None:
            return None
        return ours

    def run(self, name: str, body: bytes, seconds: float) -> Failure | None:
        """Run the reaction; return why it failed, or None if it did not."""
        connection = self.start()
        if connection is None:
            return Failure("crashed")
        try:
            connection.send((name, body))
        except OSError:
            self.close()
            return Failure("crashed")
        return self._answer(connection, seconds)

    def close(self) -> None:
        """Kill the child, whatever it does."""
        if self._child is not None:
            self._child.kill()
            self._child.join()
        if self._connection is not None:
            self._connection.close()
        self._child = self._connection = None

    def interrupt(self) -> None:
        """Kill the child; from any thread. Who waits for it finds it crashed."""
        child = self._child
        if child is not None:
            child.kill()

    def _answer(self, connection: Connection, seconds: float) -> Failure | None:
        """Return what the child answers; kill it if it does not."""
        failure = Failure("time-limit")
        try:
            if connection.poll(seconds):
                answer: Failure | None = connection.recv()
                return answer
        except (EOFError, OSError):
            failure = Failure("crashed")
        self.close()
        return failure
