"""Write log lines, at once or many together."""

import sys
import threading
import time
from collections import deque
from multiprocessing.util import Finalize
from typing import TextIO

#: How long a patient sink gathers lines before it writes them.
PATIENCE_SECONDS = 0.1


class Sink:
    """Takes lines from any thread, and writes each of them whole.

    A patient one has a thread of its own write what came within a tenth of a second:
    else a thread that logs under load waits for the disk, and then for its turn to go
    on. What is killed outright takes the last tenth of a second with it.
    """

    def __init__(self, stream: TextIO, *, patient: bool) -> None:
        self._stream = stream
        self._lines: deque[tuple[str, str]] = deque()
        self._has_lines = threading.Event()
        # Reentrant: a signal handler may log while its own thread writes.
        self._writing = threading.RLock()
        self._is_patient = patient
        if patient:
            threading.Thread(target=self._run, name="log", daemon=True).start()
            # Also at the end of a child of multiprocessing, where atexit is not asked.
            Finalize(None, self.flush, exitpriority=-100)

    def put(self, line: str, logger: str, *, urgent: bool) -> None:
        """Take a line of `logger`; an urgent one is written before this returns."""
        self._lines.append((line, logger))
        if urgent or not self._is_patient:
            self.flush()
        elif not self._has_lines.is_set():
            self._has_lines.set()

    def flush(self) -> None:
        """Write what there is."""
        with self._writing:
            taken = [self._lines.popleft() for _ in range(len(self._lines))]
            try:
                self._stream.write("".join(f"{line}\n" for line, _ in taken))
                self._stream.flush()
            except (OSError, ValueError):
                _tell({logger for _, logger in taken})

    def _run(self) -> None:
        while True:
            self._has_lines.wait()
            time.sleep(PATIENCE_SECONDS)
            self._has_lines.clear()
            self.flush()


def _tell(loggers: set[str]) -> None:
    # Not what they said: that may be why it could not be written.
    for logger in sorted(loggers):
        try:
            sys.stderr.write(f"a log line of {logger} could not be written\n")
        except (OSError, ValueError):
            return
