"""Run the receiver's application on its HTTP server until it is told to stop.

The server is granian: one process that supervises, and one that serves, whose I/O is
Rust's and whose application runs in threads. Idle connections hold no thread; a body
that is being read holds one.
"""

import multiprocessing
import os
import resource
import signal
import threading
import time
from functools import partial
from multiprocessing.util import Finalize

import structlog
from flask import Flask
from granian import Granian
from granian.constants import HTTPModes, Interfaces
from granian.log import LogLevels
from prometheus_client import CollectorRegistry, ProcessCollector

from broker.publisher import Publisher
from broker.topology import Topology
from config import logs
from config.settings import Settings
from ingest import tally
from ingest.app import create_app
from ingest.circuit import Circuit
from ingest.durability import Durability, patient
from ingest.readiness import Readiness
from ingest.reception import Limits
from ingest.spool import metrics
from ingest.spool.drain import Outlet
from ingest.spool.spool import Bounds, Spool
from ingest.tally import Tally
from ingest.tallying import Tallied
from schemas.errors import ForgewireError

_log = structlog.stdlib.get_logger("ingest")

#: How RabbitMQ's list of connections calls the receiver.
NAME = "forgewire-ingest"
#: Requests at once. Most of them wait for the broker, so this is far above the number
#: of processors; idle threads are ended.
THREADS = 256
#: Connections at once, idle ones included.
MAX_CONNECTIONS = 16_384
#: What requests under way may take once we are told to stop; the host gives up on
#: each after 10 s.
STOP_SECONDS = 12
#: What the spool may take to stop; nothing in it is lost.
SPOOL_CLOSE_SECONDS = 4.0
#: granian's own lines go our way; those below an error say nothing to an operator.
_LOGGING = {
    "handlers": {},
    "formatters": {},
    "loggers": {"_granian": {"propagate": True}},
}


def serve(settings: Settings, host: str) -> None:
    """Receive hooks at the IP address `host` until SIGTERM or SIGINT."""
    _allow_many_connections()
    # A stop that comes before granian listens for it in its child must not be lost.
    os.register_at_fork(after_in_child=_stop_at_once)
    server = Granian(
        "ingest",
        host,
        settings.ingest_bind.port,
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
    """Return the application, in the process that serves, with its publisher."""
    logs.configure(
        settings.log_level,
        settings.log_format,
        trusted=(ForgewireError,),
        patient=True,
    )
    logs.log_uncaught("ingest")
    threading.Thread(target=_follow_parent, daemon=True).start()
    publisher = _publisher(settings)
    publisher.start()
    # Runs when granian has answered the last request, before the process ends.
    Finalize(None, publisher.close, (settings.confirm_seconds,), exitpriority=1)
    app = _application(settings, publisher)
    _log.info("listening", address=f"http://{settings.ingest_bind}")
    return app


def _application(settings: Settings, publisher: Publisher) -> Flask:
    registry = CollectorRegistry()
    ProcessCollector(registry=registry)
    circuit = Circuit()
    spool = _spool(settings, publisher, circuit, registry)
    publish = patient(publisher.submit, settings.spool_after_seconds)
    durability = Durability(publish, spool.keep, circuit)
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
    publisher: Publisher,
    circuit: Circuit,
    registry: CollectorRegistry,
) -> Spool:
    outlet = Outlet(
        publisher.is_ready,
        publisher.submit,
        metrics.drained_counter(registry).inc,
        settings.spool_drain_rate,
    )
    bounds = Bounds(settings.spool_max_bytes, settings.spool_max_age_seconds)
    spool = Spool(settings.spool_dir, bounds, outlet, circuit)
    spool.start()
    # Before the publisher, through which it drains.
    Finalize(None, spool.close, (SPOOL_CLOSE_SECONDS,), exitpriority=2)
    metrics.watch(spool, settings.spool_max_bytes, registry)
    return spool


def _publisher(settings: Settings) -> Publisher:
    return Publisher(
        settings.amqp_url,
        Topology(settings.amqp_prefix),
        name=NAME,
        confirm_seconds=settings.confirm_seconds,
    )


def microseconds() -> int:
    """Return the microseconds since 1970, UTC."""
    return time.time_ns() // 1000


def _allow_many_connections() -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = MAX_CONNECTIONS + 1024
    if hard != resource.RLIM_INFINITY:
        wanted = min(wanted, hard)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, wanted), hard))


def _stop_at_once() -> None:
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, signal.SIG_DFL)


def _follow_parent() -> None:
    # Killed outright, the parent cannot tell us to stop.
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os.kill(os.getpid(), signal.SIGTERM)
