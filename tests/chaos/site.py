"""The whole installation that is broken: servers, wires, receivers, workers, disks."""

import contextlib
import os
import subprocess
import time

from pymongo import MongoClient

from cli.local import mongodb
from cli.local.process import CannotRun
from tests.chaos import fleet
from tests.chaos.mongos import Mongos
from tests.chaos.rabbits import Rabbits
from tests.chaos.wires import Wire

#: Small enough that a test can fill it.
SPOOL_BYTES = 16 << 20
#: Short, so that a fault need not last for minutes to be longer than it.
HEARTBEAT_SECONDS = 4
QUEUE = "forgewire.events"


class Site:
    """Three RabbitMQ nodes, three MongoDB members, two receivers and two workers."""

    def __init__(self, folder, say):
        self.folder = folder
        self._leaving = contextlib.ExitStack()
        try:
            self._build(say)
        except BaseException:
            self.close()
            raise

    def _build(self, say):
        say("starting three RabbitMQ nodes and three MongoDB members")
        self.rabbits = Rabbits(self.folder / "rabbitmq")
        self._leaving.callback(self.rabbits.stop)
        self.mongos = Mongos(self.folder / "mongodb")
        self._leaving.callback(self.mongos.stop)
        self.mongos.wait()
        self.rabbits.wait()
        self.wires = [Wire(port) for port in self.rabbits.ports]
        for wire in self.wires:
            self._leaving.callback(wire.close)
        say("starting two receivers and two workers")
        self.receivers = [self._receiver(number) for number in range(2)]
        self.workers = [self._worker(number) for number in range(2)]
        self.wait_ready(60)

    @property
    def members(self):
        return [*self.receivers, *self.workers]

    @property
    def servers(self):
        """The settings that name the servers."""
        return {
            "AMQP_URL": ",".join(_url(wire.port) for wire in self.wires),
            "MONGODB_URL": self.mongos.url,
            "LOG_FORMAT": "json",
        }

    def is_ready(self):
        return all(member.is_ready for member in self.members)

    def wait_ready(self, seconds):
        end = time.monotonic() + seconds
        while not self.is_ready():
            if self.dead() or time.monotonic() > end:
                raise CannotRun(f"not all is ready; see the logs in {self.folder}")
            time.sleep(0.1)

    def dead(self):
        """Return which of our processes ended by themselves."""
        return [member for member in self.members if not member.is_running]

    def spool(self, number):
        return self.folder / f"spool-{number}"

    def hooks_of_an_hour_ago(self):
        """Return whether the ledger has hooks that a clock set back has received."""
        hour = 3_000_000  # nearly, in milliseconds
        age = {"$subtract": ["$processed_at", "$received_at"]}
        with MongoClient(self.mongos.url) as client:
            rows = client[mongodb.DATABASE]["deliveries"]
            return rows.find_one({"$expr": {"$gt": [age, hour]}}) is not None

    def close(self):
        self._leaving.close()

    def _receiver(self, number):
        self._make_disk(self.spool(number))
        made = fleet.receiver(number, self.folder, self.servers, self.spool(number))
        self._leaving.callback(made.stop)
        return made

    def _worker(self, number):
        made = fleet.worker(number, self.folder, self.servers)
        self._leaving.callback(made.stop)
        return made

    def _make_disk(self, place):
        place.mkdir()
        if not can_mount():
            return
        options = f"size={SPOOL_BYTES},mode=700"
        subprocess.run(
            ["mount", "-t", "tmpfs", "-o", options, "tmpfs", place], check=True
        )
        self._leaving.callback(subprocess.run, ["umount", "-l", place], check=False)


def can_mount():
    """Return whether we may give each spool a small disk of its own."""
    return os.geteuid() == 0


def _url(port):
    return f"amqp://guest:guest@127.0.0.1:{port}/%2F?heartbeat={HEARTBEAT_SECONDS}"
