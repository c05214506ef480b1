"""Run the API on its HTTP server until it is told to stop."""

import signal
import time
from datetime import UTC, datetime
from functools import partial

import structlog
from flask import Flask
from granian import Granian
from granian.constants import HTTPModes, Interfaces
from granian.log import LogLevels
from prometheus_client import CollectorRegistry, ProcessCollector

from api import services
from api.app import create_app
from api.keyring import Keyring
from config import logs
from config.settings import Settings
from health.routes import Check
from schemas.errors import ForgewireError
from state.client import connect, has_primary
from state.documents import Db
from state.migrations import migrate

_log = structlog.stdlib.get_logger("api")

#: How our connections to MongoDB are called there.
NAME = "forgewire api"
#: Requests at once.
THREADS = 32
MAX_CONNECTIONS = 4_096
#: What requests under way may take once we are told to stop.
STOP_SECONDS = 12
#: How long MongoDB may take to answer a readiness check, in seconds.
PING_SECONDS = 1.0
_LOGGING = {
    "handlers": {},
    "formatters": {},
    "loggers": {"_granian": {"propagate": True}},
}


def serve(settings: Settings) -> None:
    """Answer until SIGTERM or SIGINT; raise BadKeys without good keys."""
    # Here too, so that a process that cannot work does not begin to listen.
    Keyring(settings.access.jwt_keys_path)
    server = Granian(
        "api",
        settings.api_bind.host,
        settings.api_bind.port,
        interface=Interfaces.WSGI,
        http=HTTPModes.http1,
        websockets=False,
        blocking_threads=THREADS,
        backpressure=MAX_CONNECTIONS,
        workers_kill_timeout=STOP_SECONDS,
        log_level=LogLevels.error,
        log_dictconfig=_LOGGING,
    )
    # granian takes SIGHUP for a wish to reload, but a closed terminal means stop.
    server.on_startup(partial(signal.signal, signal.SIGHUP, signal.SIG_DFL))
    server.serve(target_loader=partial(_open, settings), wrap_loader=False)


def _open(settings: Settings) -> Flask:
    """Return the application, in the process that serves."""
    logs.configure(settings.log_level, settings.log_format, trusted=(ForgewireError,))
    logs.log_uncaught("api")
    db = connect(settings.mongodb_url, name=NAME)
    keyring = Keyring(settings.access.jwt_keys_path, time.time)
    registry = CollectorRegistry()
    ProcessCollector(registry=registry)
    made = services.assemble(settings, db, keyring, lambda: datetime.now(UTC))
    app = create_app(made, _checks(db), registry)
    migrate(db)
    _log.info("listening", address=f"http://{settings.api_bind}")
    return app


def _checks(db: Db) -> tuple[Check, ...]:
    return (
        Check(
            "mongodb",
            lambda: has_primary(db, seconds=PING_SECONDS),
            "Nothing can be read: check that MongoDB has a primary and that "
            "FORGEWIRE_MONGODB_URL is right.",
        ),
    )
