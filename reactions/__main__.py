"""Run a reactor: `python -m reactions`; everything is set by the environment."""

import os
import signal
import sys
import threading

from config import logs, settings
from health.server import CannotListen
from reactions import process
from schemas.errors import ForgewireError


def main() -> int:
    """Run until SIGTERM or SIGINT; return the exit code."""
    try:
        loaded = settings.load(os.environ)
    except settings.SettingsError as exc:
        print(exc, file=sys.stderr)  # noqa: T201 - there is no log yet
        return 2
    logs.configure(
        loaded.log_level,
        loaded.log_format,
        trusted=(ForgewireError,),
        patient=True,
    )
    logs.log_uncaught("reactor")
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    try:
        process.serve(loaded, stop)
    except (ForgewireError, CannotListen) as exc:
        print(f"The reactor cannot run: {exc}", file=sys.stderr)  # noqa: T201 - for people
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
