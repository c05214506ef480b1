"""Serve health and metrics from a thread, for processes that are no web servers."""

import socket
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from flask import Flask
from prometheus_client import CollectorRegistry
from werkzeug.serving import WSGIRequestHandler, make_server, select_address_family

from health.routes import Check, blueprint

#: How long a stop may take to be noticed.
POLL_SECONDS = 0.1


class CannotListen(Exception):
    """Raised when the address to listen on is taken or not ours."""


@contextmanager
def serving(
    host: str, port: int, checks: Sequence[Check], registry: CollectorRegistry
) -> Iterator[int]:
    """Serve while the context is open; yield the port, which may be given as 0.

    Raise CannotListen when the address is not to be had.
    """
    app = Flask("health", static_folder=None)
    app.register_blueprint(blueprint(checks, registry))
    # Given only an address that is taken, the server would end the process.
    with _listener(host, port) as listener:
        server = make_server(
            host,
            port,
            app,
            threaded=True,
            request_handler=_Quiet,
            fd=listener.fileno(),
        )
    thread = threading.Thread(
        target=server.serve_forever, args=(POLL_SECONDS,), name="health", daemon=True
    )
    thread.start()
    try:
        yield server.port
    finally:
        server.shutdown()
        thread.join()


def _listener(host: str, port: int) -> socket.socket:
    family = select_address_family(host, port)
    try:
        return socket.create_server((host, port), family=family)
    except OSError as exc:
        raise CannotListen(
            f"cannot listen on {host}, port {port}: {exc.strerror}"
        ) from exc


class _Quiet(WSGIRequestHandler):
    """Log no requests: probes come every few seconds."""

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        pass
