"""Serve health and metrics from a thread, for processes that are no web servers."""

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from flask import Flask
from prometheus_client import CollectorRegistry
from werkzeug.serving import make_server

from health.routes import Check, blueprint


@contextmanager
def serving(
    host: str, port: int, checks: Sequence[Check], registry: CollectorRegistry
) -> Iterator[int]:
    """Serve while the context is open; yield the port, which may be given as 0.

    Raise OSError when the address is taken.
    """
    app = Flask("health", static_folder=None)
    app.register_blueprint(blueprint(checks, registry))
    server = make_server(host, port, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, name="health", daemon=True)
    thread.start()
    try:
        yield server.server_port
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
