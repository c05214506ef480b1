"""The servers that all subjects share, and fresh names in them for each round."""

import os
import secrets
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pika
import requests
from pika.adapters.blocking_connection import BlockingChannel
from pymongo import MongoClient
from pymongo.database import Database

from broker.publisher import Publisher
from broker.topology import Topology
from cli.local import mongodb, ports, rabbitmq
from cli.local.process import Child, wait_ready
from state.client import connect

TOKEN = "a-token-for-measurements"
ROOT = Path(__file__).parents[1]


@dataclass(frozen=True, slots=True)
class Lab:
    """A RabbitMQ node and a MongoDB, and a folder for logs and spools."""

    folder: Path
    broker: rabbitmq.RabbitMQ
    database: mongodb.MongoDB
    #: Tells whoever waits what is going on.
    say: Callable[[str], None]

    @contextmanager
    def channel(self) -> Iterator[BlockingChannel]:
        """Open a plain channel, to look from outside."""
        connection = pika.BlockingConnection(pika.URLParameters(self.broker.url))
        try:
            yield connection.channel()
        finally:
            connection.close()

    @contextmanager
    def topology(self) -> Iterator[Topology]:
        """Give fresh exchanges and queues, declared, and deleted afterwards."""
        topology = Topology(f"bench-{secrets.token_hex(4)}")
        publisher = Publisher(self.broker.url, topology, name="bench")
        publisher.start()
        publisher.wait_connected(30)
        publisher.close(5)
        try:
            yield topology
        finally:
            self.delete(topology.events, topology.dead_letters)

    def delete(self, *queues: str) -> None:
        """Delete queues, and exchanges of the same names."""
        with self.channel() as channel:
            for name in queues:
                channel.queue_delete(name)
                channel.exchange_delete(name)

    def depth(self, queue: str) -> int:
        """Return how many messages are ready in a queue."""
        with self.channel() as channel:
            found = channel.queue_declare(queue, passive=True)
            return int(found.method.message_count)

    @contextmanager
    def db(self) -> Iterator[Database]:
        """Give an empty database, as our workers write to it."""
        with MongoClient(self.database.url) as client:
            name = f"bench_{secrets.token_hex(4)}"
            db = connect(self.url_of(name), name="bench")
            try:
                yield db
            finally:
                db.client.close()
                client.drop_database(name)

    def url_of(self, name: str) -> str:
        """Return the URL of the database `name`."""
        return self.database.url.replace(f"/{mongodb.DATABASE}", f"/{name}")

    @contextmanager
    def process(
        self,
        name: str,
        arguments: Sequence[str],
        environment: Mapping[str, str],
    ) -> Iterator[Child]:
        """Run `python ARGUMENTS` in this tree until the end of the `with`."""
        plain = {k: v for k, v in os.environ.items() if not k.startswith("FORGEWIRE_")}
        child = Child(
            name,
            [sys.executable, "-P", *arguments],
            env={**plain, "PYTHONPATH": str(ROOT), **environment},
            log=self.folder / f"{name.replace(' ', '-')}.log",
        )
        try:
            yield child
        finally:
            child.stop(20)

    @contextmanager
    def receiver(
        self, topology: Topology, *, status: str = "ready", **settings: str
    ) -> Iterator[str]:
        """Run a receiver, and give its URL once /readyz says `status`."""
        bind = f"{ports.HOST}:{ports.free()}"
        given = {
            "INGEST_BIND": bind,
            "GITLAB_TOKENS": TOKEN,
            "SPOOL_DIR": str(self.folder / f"{topology.prefix}-spool"),
            **self._servers(topology),
            **settings,
        }
        with self.process("receiver", ["-m", "ingest"], _ours(given)) as child:
            await_ready(child, f"http://{bind}", status)
            yield f"http://{bind}/hooks/gitlab"

    @contextmanager
    def worker(
        self, topology: Topology, db: Database, **settings: str
    ) -> Iterator[Child]:
        """Run a worker, and give its process once it is ready."""
        bind = f"{ports.HOST}:{ports.free()}"
        given = {
            "WORKER_BIND": bind,
            "MONGODB_URL": self.url_of(db.name),
            **self._servers(topology),
            **settings,
        }
        with self.process("worker", ["-m", "workers"], _ours(given)) as child:
            await_ready(child, f"http://{bind}")
            yield child

    def _servers(self, topology: Topology) -> dict[str, str]:
        # As in production: logs are JSON, and are written.
        return {
            "AMQP_URL": self.broker.url,
            "AMQP_PREFIX": topology.prefix,
            "LOG_FORMAT": "json",
        }


@contextmanager
def opened(folder: Path, say: Callable[[str], None]) -> Iterator[Lab]:
    """Start the servers, and stop them at the end."""
    folder.mkdir(parents=True, exist_ok=True)
    say("starting RabbitMQ and MongoDB")
    broker = rabbitmq.start(folder / "rabbitmq")
    try:
        database = mongodb.start(folder / "mongodb")
        try:
            yield Lab(folder, broker, database, say)
        finally:
            database.stop()
    finally:
        broker.stop()


def await_ready(child: Child, url: str, status: str = "ready") -> None:
    """Wait until /readyz at `url` says `status`; raise CannotRun if the process ends.

    HTTP's status would not do: a receiver that still spools answers 200, too.
    """
    wait_ready(child, lambda: _said(url) == status, seconds=30)


def _said(url: str) -> str | None:
    try:
        answer = requests.get(f"{url}/readyz", timeout=5).json()
    except requests.ConnectionError:
        return None
    return str(answer["status"])


def _ours(settings: Mapping[str, str]) -> dict[str, str]:
    return {f"FORGEWIRE_{name}": value for name, value in settings.items()}
