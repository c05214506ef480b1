"""Three MongoDB members on this machine that form a replica set, and can be broken."""

import contextlib
import time
from pathlib import Path

from pymongo import MongoClient
from pymongo.errors import AutoReconnect, OperationFailure, PyMongoError

from cli.local import mongodb
from cli.local.process import CannotRun
from tests.chaos import children

SIZE = 3
#: The default is 10 s; nobody wants to wait that long eighteen times.
ELECTION_MS = 2_000


class Mongos:
    """A replica set; its members are named by their numbers, 0 to 2."""

    def __init__(self, folder: Path, *, size: int = SIZE) -> None:
        """Launch all members at once; `wait` for them."""
        self._folder = folder
        self._program = mongodb.find()
        folder.mkdir(parents=True)
        self._members = [self._launch(number) for number in range(size)]

    @property
    def numbers(self):
        return range(len(self._members))

    @property
    def url(self):
        addresses = ",".join(member.member for member in self._members)
        return f"mongodb://{addresses}/{mongodb.DATABASE}?replicaSet={mongodb.SET}"

    def wait(self, seconds=60):
        """Make them one set, and wait until it has a primary."""
        end = time.monotonic() + seconds
        while not self._initiate():
            _not_after(end, "the members did not answer")
        return self.wait_primary(seconds)

    def wait_primary(self, seconds=60):
        end = time.monotonic() + seconds
        while self.primary() is None:
            _not_after(end, "there is no primary")
        return self

    def primary(self):
        """Return the number of the member that takes writes, or None."""
        for number, member in enumerate(self._members):
            if member.node.exit_code is None and _is_primary(member):
                return number
        return None

    def kill(self, number):
        self._members[number].node.kill()

    def start(self, number):
        """Start a member that was killed; it comes back with what it had."""
        self._members[number] = self._launch(number)

    def freeze(self, number):
        children.freeze(self._members[number].node)

    def thaw(self, number):
        children.thaw(self._members[number].node)

    def step_down(self):
        """Have the primary give up, and not stand for election for ten seconds."""
        number = self.primary()
        # It closes all connections, and cannot answer.
        lost = contextlib.suppress(AutoReconnect)
        with lost, _direct(self._members[number], 20_000) as client:
            client.admin.command("replSetStepDown", 10, secondaryCatchUpPeriodSecs=5)

    def stop(self):
        """End all members at once, as nobody wants their data."""
        for member in self._members:
            children.thaw(member.node)
            member.node.kill()

    def _launch(self, number):
        return mongodb.launch(
            self._folder / str(number),
            log=self._folder / f"mongodb-{number}.log",
            program=self._program,
        )

    def _initiate(self):
        config = {
            "_id": mongodb.SET,
            "members": [
                {"_id": number, "host": member.member}
                for number, member in enumerate(self._members)
            ],
            "settings": {"electionTimeoutMillis": ELECTION_MS},
        }
        with _direct(self._members[0], 5_000) as client:
            try:
                client.admin.command("replSetInitiate", config)
            except OperationFailure as error:
                # It asks the others, and they may not listen yet.
                return error.code == 23  # already initialized
            except PyMongoError:
                return False
        return True


def _direct(member, milliseconds):
    return MongoClient(
        f"mongodb://{member.member}",
        directConnection=True,
        serverSelectionTimeoutMS=1_000,
        socketTimeoutMS=milliseconds,
    )


def _is_primary(member):
    with _direct(member, 1_000) as client:
        try:
            return client.admin.command("hello")["isWritablePrimary"]
        except PyMongoError:
            return False


def _not_after(end, what):
    if time.monotonic() > end:
        raise CannotRun(f"MongoDB: {what}")
    time.sleep(0.1)
