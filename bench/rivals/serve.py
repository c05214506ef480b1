"""Serve a rival as the receiver is served: granian, set as in health/web.py.

python -m bench.rivals.serve MODULE wsgi|asgi|gthread HOST PORT
"""

import os
import sys
from contextlib import nullcontext

from granian import Granian
from granian.constants import HTTPModes, Interfaces
from granian.log import LogLevels

from bench.rivals.gthread import Gthread
from ingest import processor
from ingest.server import CAPACITY


def main(module: str, interface: str, host: str, port: str) -> None:
    """Serve `app` of bench/rivals/MODULE.py until SIGTERM."""
    name = f"bench.rivals.{module}"
    held = processor.claim() if os.environ["RIVAL_PIN"] == "true" else None
    with held or nullcontext():
        if interface == "gthread":
            Gthread(name, f"{host}:{port}").run()
        else:
            _granian(name, interface, host, int(port)).serve()


def _granian(name: str, interface: str, host: str, port: int) -> Granian:
    return Granian(
        f"{name}:app",
        host,
        port,
        interface=Interfaces(interface),
        http=HTTPModes.http1,
        websockets=False,
        # Coroutines run in one thread whatever is asked for.
        blocking_threads=CAPACITY.threads if interface == "wsgi" else 1,
        backpressure=CAPACITY.connections,
        workers_kill_timeout=CAPACITY.stop_seconds,
        log_level=LogLevels.error,
    )


if __name__ == "__main__":
    main(*sys.argv[1:])
