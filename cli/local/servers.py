"""Start the servers that a stack needs and nobody else runs for it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

from cli.local import mongodb, rabbitmq
from cli.local.mongodb import MongoDB
from cli.local.rabbitmq import RabbitMQ
from cli.local.roles import is_given

Server: TypeAlias = RabbitMQ | MongoDB


@dataclass(frozen=True, slots=True)
class Kind:
    """A server that is started unless a variable says where another runs."""

    name: str
    variable: str
    #: Takes the folder, the log, and the descriptor of the lock that it is to hold.
    launch: Callable[[Path, Path, int], Server]


def _launch_mongodb(folder: Path, log: Path, held: int) -> Server:
    return mongodb.launch(folder, log=log, program=mongodb.find(), inherit=(held,))


def _launch_rabbitmq(folder: Path, log: Path, held: int) -> Server:
    return rabbitmq.launch(folder, log=log, inherit=(held,))


#: In the order in which they start; they stop in the other.
KINDS = (
    Kind("MongoDB", "FORGEWIRE_MONGODB_URL", _launch_mongodb),
    Kind("RabbitMQ", "FORGEWIRE_AMQP_URL", _launch_rabbitmq),
)


def missing(environ: Mapping[str, str]) -> list[Kind]:
    """Return the servers for which `environ` has no URL."""
    return [kind for kind in KINDS if not is_given(environ, kind.variable)]
