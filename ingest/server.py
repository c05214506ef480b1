"""Run the receiver's application on its HTTP server until it is told to stop."""

import time
from collections.abc import Callable
from contextlib import nullcontext
from functools import partial
from multiprocessing.util import Finalize

import structlog
from flask import Flask
from prometheus_client import CollectorRegistry

from broker.confirm import Confirm
from broker.message import Message
from broker.publisher import Publisher
from broker.topology import Topology
from broker.traced import submitting
from config import logs
from config.settings import Settings
from health import web
from health.registry import registry_of
from ingest import processor, tally
from ingest.app import create_app
from ingest.circuit import Circuit
from ingest.durability import Durability, patient
from ingest.metrics import publish_counter
from ingest.readiness import Readiness
from ingest.reception import Limits
from ingest.spool import metrics
from ingest.spool.drain import Outlet
from ingest.spool.spool import Bounds, Spool
from ingest.tally import Tally
from ingest.tallying import Tallied
from ingest.tracing import trace
from schemas.errors import ForgewireError
from tracing.start import start

_log = structlog.stdlib.get_logger("ingest")

#: How RabbitMQ's list of connections calls the receiver.
NAME = "forgewire-ingest"
#: Most requests wait for the broker, so there are far more threads than processors; the
#: host gives up on each after 10 s.
CAPACITY = web.Capacity(threads=256, connections=16_384, stop_seconds=12)
#: What the spool may take to stop; nothing in it is lost.
SPOOL_CLOSE_SECONDS = 4.0


def serve(settings: Settings, host: str) -> None:
    """Receive hooks at the IP address `host` until SIGTERM or SIGINT."""
    address = (host, settings.ingest_bind.port)
    # Before there are threads and a child, which are to stay there, too.
    held = processor.claim() if settings.ingest_pin else None
    with held or nullcontext():
        web.serve("ingest", address, partial(_open, settings), CAPACITY)


def _open(settings: Settings) -> Flask:
    """Return the application, in the process that serves, with its publisher."""
    logs.configure(
        settings.log_level,
        settings.log_format,
        trusted=(ForgewireError,),
        patient=True,
    )
    logs.log_uncaught("ingest")
    registry = registry_of("ingest")
    publisher = _publisher(settings, registry)
    publisher.start()
    # Runs when granian has answered the last request, before the process ends.
    Finalize(None, publisher.close, (settings.confirm_seconds,), exitpriority=1)
    tracing = start(settings.traces, NAME)
    # When there can be no more spans.
    Finalize(None, tracing.close, exitpriority=0)
    submit = submitting(publisher, tracing.tracer)
    app = _application(settings, publisher, submit, registry)
    if tracing.tracer is not None:
        trace(app, tracing.tracer)
    _log.info("listening", address=f"http://{settings.ingest_bind}")
    return app


def _application(
    settings: Settings,
    publisher: Publisher,
    submit: Callable[[Message], Confirm],
    registry: CollectorRegistry,
) -> Flask:
    circuit = Circuit()
    outlet = Outlet(
        publisher.is_ready,
        submit,
        metrics.drained_counter(registry).inc,
        settings.spool_drain_rate,
    )
    spool = _spool(settings, outlet, circuit, registry)
    publish = patient(submit, settings.spool_after_seconds)
    durability = Durability(publish, metrics.counted(spool.keep, registry), circuit)
    tally.sweep(settings.spool_dir, days=settings.ledger_days)
    tallied = Tallied(durability.make_durable, Tally(settings.spool_dir))
    return create_app(
        settings.sources,
        make_durable=tallied.make_durable,
        readiness=Readiness(
            broker=lambda: publisher.is_ready() and not circuit.is_open,
            spool=spool.is_ready,
            is_fresh=spool.is_fresh,
        ),
        clock=microseconds,
        limits=Limits(settings.max_body_bytes),
        registry=registry,
    )


def _spool(
    settings: Settings,
    outlet: Outlet,
    circuit: Circuit,
    registry: CollectorRegistry,
) -> Spool:
    bounds = Bounds(settings.spool_max_bytes, settings.spool_max_age_seconds)
    spool = Spool(settings.spool_dir, bounds, outlet, circuit)
    spool.start()
    # Before the publisher, through which it drains.
    Finalize(None, spool.close, (SPOOL_CLOSE_SECONDS,), exitpriority=2)
    metrics.watch(spool, settings.spool_max_bytes, registry)
    return spool


def _publisher(settings: Settings, registry: CollectorRegistry) -> Publisher:
    return Publisher(
        settings.amqp_url,
        Topology(settings.amqp_prefix),
        name=NAME,
        confirm_seconds=settings.confirm_seconds,
        told=publish_counter(registry),
    )


def microseconds() -> int:
    """Return the microseconds since 1970, UTC."""
    return time.time_ns() // 1000
