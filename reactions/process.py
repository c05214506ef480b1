"""Put the reactor process together, run it, and take it apart again."""

import socket
import threading
from collections.abc import Mapping
from functools import partial

import structlog

from broker.consumer import Consumer
from broker.publisher import Publisher
from broker.reaction_topology import ReactionTopology
from broker.running import running
from config import logs
from config.settings import Settings
from handlers.packages import modules
from handlers.reacting import Reaction, reactions_in
from health.registry import registry_of
from health.routes import Check
from health.server import serving
from reactions.metrics import Metrics
from reactions.reactor import Reactor
from schemas.errors import ForgewireError

_log = structlog.stdlib.get_logger("reactor")

#: How many reactions run side by side; for more, start more processes.
AT_ONCE = 4
#: How long the broker may take to say good-bye, in seconds.
CLOSE_SECONDS = 5.0


def serve(settings: Settings, stop: threading.Event) -> None:
    """Run reactions until `stop` is set, then close everything."""
    reactions = reactions_in(modules(settings.handler_packages))
    metrics = Metrics(registry_of("reactor"), reactions)
    topology = ReactionTopology(settings.amqp_prefix)
    with (
        running(_consumer(settings, topology), CLOSE_SECONDS) as consumer,
        running(_publisher(settings, topology), CLOSE_SECONDS) as publisher,
        serving(
            settings.reactor_bind.host,
            settings.reactor_bind.port,
            _checks(consumer, publisher),
            metrics.registry,
        ) as port,
    ):
        _log.info(
            "listening",
            host=settings.reactor_bind.host,
            port=port,
            reactions=len(reactions),
        )
        prepare = partial(
            _prepare,
            settings.handler_packages,
            settings.log_level,
            settings.log_format,
        )
        Reactor(consumer, publisher, topology, reactions, prepare, metrics, stop).run(
            AT_ONCE
        )
    _log.info("stopped")


def _prepare(
    packages: tuple[str, ...] | None, log_level: str, log_format: str | None
) -> Mapping[str, Reaction]:
    logs.configure(log_level, log_format, trusted=(ForgewireError,))
    return reactions_in(modules(packages))


def _consumer(settings: Settings, topology: ReactionTopology) -> Consumer:
    return Consumer(
        settings.amqp_url, topology, name=_name("reactor"), prefetch=AT_ONCE
    )


def _publisher(settings: Settings, topology: ReactionTopology) -> Publisher:
    return Publisher(
        settings.amqp_url,
        topology,
        name=_name("reactor retries"),
        confirm_seconds=settings.confirm_seconds,
    )


def _checks(consumer: Consumer, publisher: Publisher) -> tuple[Check, ...]:
    hint = (
        "Reactions do not run: check that RabbitMQ runs and that FORGEWIRE_AMQP_URL "
        "is right. The reactor connects again by itself."
    )
    ready = (consumer.is_ready, publisher.is_ready)
    return (Check("broker", lambda: all(it() for it in ready), hint),)


def _name(what: str) -> str:
    return f"forgewire {what} {socket.gethostname()}"
