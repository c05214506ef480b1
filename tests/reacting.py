"""Reactions for the tests, some of them bad, and a process that runs reactions."""

import json
import os
import threading
from pathlib import Path

from broker.message import Message
from handlers.reacting import Reaction, reacts_to
from schemas.errors import Rejected
from tests.samples.load import event_of, payload
from tests.working import Worker

#: A package of reactions, as others install it. It writes down what it is called with.
MODULE = """
import json
from pathlib import Path
from handlers import reacts_to

@reacts_to("users", "created", "changed", "deleted", fields=["username"])
def greet(it):
    told = [it.key, it.id, it.kind, it.before, it.after]
    with Path(__file__).with_name("greeted").open("a") as file:
        file.write(json.dumps(told) + "\\n")
"""


class Reactor(Worker):
    """`python -m reactions` on a free port, its output in a file."""

    module, variable = "reactions", "REACTOR_BIND"


def install(folder):
    """Install the package of reactions into a folder."""
    metadata = folder / "greeter-1.dist-info"
    metadata.mkdir(parents=True)
    (folder / "greeter.py").write_text(MODULE)
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: greeter\n")
    (metadata / "entry_points.txt").write_text(
        "[forgewire.handlers]\ngreeter = greeter\n"
    )
    return folder


def greeted(folder):
    """What the package was called with."""
    file = folder / "greeted"
    return (
        [json.loads(it) for it in file.read_text().splitlines()]
        if file.exists()
        else []
    )


@reacts_to("badges", "created", fields=["file"])
def works(transition):
    with Path(transition.after["file"]).open("a") as file:
        file.write(f"{transition.key}\n")


@reacts_to("badges", "created", fields=["file"])
def fails_once(transition):
    path = Path(transition.after["file"])
    works.react(transition)
    if len(path.read_text().splitlines()) == 1:
        raise ValueError


@reacts_to("badges", "created", fields=["file"])
def fails(transition):
    raise ValueError(transition.after["file"])


@reacts_to("badges", "created")
def gives_up(transition):
    raise Rejected("it can never be")


@reacts_to("badges", "created", seconds=0.3)
def hangs(transition):
    threading.Event().wait()


@reacts_to("badges", "created")
def dies(transition):
    os._exit(139)


def all_here() -> dict[str, Reaction]:
    """The reactions of this module: callable in a child process."""
    return {it.name: it for it in globals().values() if isinstance(it, Reaction)}


def message(name, delivery_id, **changes):
    """The message of a sample, changed."""
    return Message(
        source="gitlab",
        event=event_of(name),
        delivery_id=delivery_id,
        receipt=f"test.{delivery_id}",
        received_at=1_790_000_000_000_000,
        body=json.dumps(payload(name, **changes)).encode(),
    )
