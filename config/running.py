"""Run a process that is no web server until it is told to stop."""

import os
import signal
import sys
import threading
from collections.abc import Callable

from config import logs, settings
from config.settings import Settings
from config.tracebacks import Trusted


def run(
    name: str,
    serve: Callable[[Settings, threading.Event], None],
    expected: tuple[type[Exception], ...],
    *,
    trusted: Trusted,
) -> int:
    """Serve until SIGTERM or SIGINT; return the exit code.

    The environment sets everything. Of `expected` exceptions, and of wrong settings,
    people are told in a line, and the code is 2.
    """
    try:
        loaded = settings.load(os.environ)
    except settings.SettingsError as exc:
        print(exc, file=sys.stderr)  # noqa: T201 - there is no log yet
        return 2
    logs.configure(loaded.log_level, loaded.log_format, trusted=trusted, patient=True)
    logs.log_uncaught(name)
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    try:
        serve(loaded, stop)
    except expected as exc:
        print(f"The {name} cannot run: {exc}", file=sys.stderr)  # noqa: T201 - for people
        return 2
    return 0
