"""Serve a rival as the receiver is served: granian, set as in health/web.py.

python -m bench.rivals.serve MODULE wsgi|asgi HOST PORT
"""

import os
import sys
from contextlib import nullcontext

from granian import Granian
from granian.constants import HTTPModes, Interfaces
from granian.log import LogLevels

from ingest import processor
from ingest.server import CAPACITY


def main(module: str, interface: str, host: str, port: str) -> None:
    """Serve `app` of bench/rivals/MODULE.py until SIGTERM."""
    server = Granian(
        f"bench.rivals.{module}:app",
        host,
        int(port),
        interface=Interfaces(interface),
        http=HTTPModes.http1,
        websockets=False,
        # Coroutines run in one thread whatever is asked for.
        blocking_threads=CAPACITY.threads if interface == "wsgi" else 1,
        backpressure=CAPACITY.connections,
        workers_kill_timeout=CAPACITY.stop_seconds,
        log_level=LogLevels.error,
    )
    held = processor.claim() if os.environ["RIVAL_PIN"] == "true" else None
    with held or nullcontext():
        server.serve()


if __name__ == "__main__":
    main(*sys.argv[1:])
