"""Run the API on its HTTP server until it is told to stop."""

import time
from datetime import UTC, datetime
from functools import partial
from multiprocessing.util import Finalize

import structlog
from flask import Flask

from api import services
from api.app import create_app
from api.keyring import Keyring
from api.migration import Migration
from config import logs
from config.settings import Settings
from health import web
from health.registry import registry_of
from health.routes import Check
from schemas.errors import ForgewireError
from state.client import connect, has_primary
from state.documents import Db

_log = structlog.stdlib.get_logger("api")

#: How our connections are called at MongoDB and at RabbitMQ.
NAME = "forgewire api"
#: Most requests wait for MongoDB, which answers in milliseconds.
CAPACITY = web.Capacity(threads=32, connections=4_096, stop_seconds=12)
#: How long MongoDB may take to answer a readiness check, in seconds.
PING_SECONDS = 1.0


def serve(settings: Settings, host: str) -> None:
    """Answer at the IP address `host` until SIGTERM or SIGINT."""
    address = (host, settings.api_bind.port)
    web.serve("api", address, partial(_open, settings), CAPACITY)


def _open(settings: Settings) -> Flask:
    """Return the application, in the process that serves."""
    logs.configure(settings.log_level, settings.log_format, trusted=(ForgewireError,))
    logs.log_uncaught("api")
    db = connect(settings.mongodb_url, name=NAME)
    # Runs when granian has answered the last request, before the process ends.
    Finalize(None, db.client.close, exitpriority=1)
    migration = Migration(db)
    app = _application(settings, db, migration)
    migration.start()
    _log.info("listening", address=f"http://{settings.api_bind}")
    return app


def _application(settings: Settings, db: Db, migration: Migration) -> Flask:
    registry = registry_of("api")
    keyring = Keyring(settings.access.jwt_keys_path, time.time)
    made = services.assemble(settings, db, keyring, lambda: datetime.now(UTC))
    made.watching.start()
    Finalize(None, made.watching.stop, exitpriority=2)
    Finalize(None, made.queues.close, exitpriority=1)
    return create_app(made, _checks(db, migration), registry)


def _checks(db: Db, migration: Migration) -> tuple[Check, ...]:
    return (
        Check(
            "mongodb",
            lambda: has_primary(db, seconds=PING_SECONDS),
            "Nothing can be read: check that MongoDB has a primary and that "
            "FORGEWIRE_MONGODB_URL is right. The API connects again by itself.",
        ),
        Check(
            "schema",
            migration.is_done,
            "The database has not yet the indexes of this version. They are made when "
            "MongoDB is there; the log says what they wait for.",
        ),
    )
