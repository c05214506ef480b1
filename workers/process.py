"""Put the worker process together, run it, and take it apart again."""

import secrets
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import partial

import structlog

from broker.consumer import Consumer
from broker.publisher import Publisher
from broker.running import running
from broker.topology import Topology
from config.settings import Settings
from handlers import registry
from health.registry import registry_of
from health.routes import Check
from health.server import serving
from state import bodies
from state.client import connect, has_primary
from state.documents import Db
from state.ledger import Ledger
from state.migrations import migrate
from state.outbox import Watched, index_outboxes
from state.retention import retain
from state.store import Store
from state.suspects import Suspects
from tracing.start import start
from workers.batch import Tools
from workers.brake import Brake
from workers.burial import burial
from workers.calling import watched_by
from workers.dispatching import check, dispatching, reactions_of, tell
from workers.keeping import keeping
from workers.loop import Loop, until_available
from workers.metrics import Metrics
from workers.outbox import Dispatcher
from workers.standstill import HINT
from workers.tracing import Tracing

_log = structlog.stdlib.get_logger("worker")

#: How long the broker may take to say good-bye, in seconds.
CLOSE_SECONDS = 5.0
#: How long MongoDB may take to answer a readiness check, in seconds.
PING_SECONDS = 1.0


def serve(settings: Settings, stop: threading.Event) -> None:
    """Work until `stop` is set, then finish the batch in hand and close everything."""
    handlers = registry.load(settings.handler_packages)
    reactions = reactions_of(settings)
    watched = watched_by(reactions)
    metrics = Metrics(registry_of("worker"), handlers.keys())
    db = connect(settings.mongodb_url, name=_name())
    brake = Brake(settings.max_rejections)
    with (
        running(_consumer(settings), CLOSE_SECONDS) as consumer,
        running(_publisher(settings), CLOSE_SECONDS) as publisher,
        dispatching(settings, db, reactions, name=_name()) as dispatcher,
        _tracing(settings) as tracing,
        serving(
            settings.worker_bind.host,
            settings.worker_bind.port,
            _checks(consumer, db, brake, dispatcher),
            metrics.registry,
        ) as port,
        keeping(partial(bodies.write, db), hours=settings.body_hours) as keep,
    ):
        metrics.in_hand.set_function(consumer.unacknowledged)
        _log.info("listening", host=settings.worker_bind.host, port=port)
        until_available(lambda: _prepare(db, settings, watched), metrics, stop)
        store = Store(db, settings.team, timed=metrics.written, watched=watched)
        tools = Tools(
            handlers=handlers,
            store=store,
            ledger=Ledger(db, timed=metrics.written),
            bury=burial(publisher),
            now=lambda: datetime.now(UTC),
            suspects=Suspects(db),
            brake=brake,
            react=lambda: tell(dispatcher, store),
            keep=keep,
            worker=secrets.token_hex(8),
            timed=metrics.decided,
            tracing=tracing,
        )
        # Told to stop before MongoDB was there, it takes nothing.
        Loop(consumer, tools, metrics, settings.batch_size, stop).run()
    db.client.close()
    _log.info("stopped")


def _prepare(db: Db, settings: Settings, watched: Watched) -> None:
    migrate(db)
    index_outboxes(db, watched)
    retain(db, days=settings.ledger_days)
    bodies.retain_bodies(db, hours=settings.body_hours)


def _consumer(settings: Settings) -> Consumer:
    return Consumer(
        settings.amqp_url,
        Topology(settings.amqp_prefix),
        name=_name(),
        prefetch=settings.prefetch,
    )


def _publisher(settings: Settings) -> Publisher:
    return Publisher(
        settings.amqp_url,
        Topology(settings.amqp_prefix),
        name=f"{_name()} dead letters",
        confirm_seconds=settings.confirm_seconds,
    )


@contextmanager
def _tracing(settings: Settings) -> Iterator[Tracing]:
    started = start(settings.traces, "forgewire-worker")
    try:
        yield Tracing(started.tracer, Topology(settings.amqp_prefix).events)
    finally:
        started.close()


def _checks(
    consumer: Consumer, db: Db, brake: Brake, dispatcher: Dispatcher | None
) -> tuple[Check, ...]:
    return (
        Check(
            "broker",
            consumer.is_ready,
            "Events do not arrive: check that RabbitMQ runs and that "
            "FORGEWIRE_AMQP_URL is right. The worker connects again by itself.",
        ),
        Check(
            "mongodb",
            lambda: has_primary(db, seconds=PING_SECONDS),
            "Events cannot be written: check that MongoDB has a primary and that "
            "FORGEWIRE_MONGODB_URL is right. Events wait in RabbitMQ meanwhile.",
        ),
        Check("rejections", lambda: not brake.is_on, HINT),
        check(dispatcher),
    )


def _name() -> str:
    return f"forgewire worker {socket.gethostname()}"
