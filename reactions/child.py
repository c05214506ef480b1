"""Run reactions in a process of its own, which may be killed at any moment."""

import json
import signal
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from typing import TypeAlias

from config.tracebacks import format_traceback
from handlers.reacting import Reaction, Transition
from schemas.errors import ForgewireError, Rejected

#: Makes ready to run reactions, and returns them by name; called in the process.
Prepare: TypeAlias = Callable[[], Mapping[str, Reaction]]


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a reaction did not come to its end."""

    #: "failed", "rejected", "time-limit", "crashed" or "unknown-reaction".
    reason: str
    #: The traceback, without what foreign exceptions say.
    detail: str = field(default="", repr=False)

    @property
    def is_final(self) -> bool:
        """Return whether it is of no use to try again."""
        return self.reason == "rejected"


def serve(connection: Connection, prepare: Prepare) -> None:
    """Run what comes, (name, transition) each, and answer None or a Failure.

    Answers None once when it is ready; ends when nobody is there to ask.
    """
    # The process that started this one decides when it ends.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
    reactions = prepare()
    connection.send(None)
    while True:
        try:
            name, body = connection.recv()
            connection.send(_run(reactions[name], body))
        except (EOFError, BrokenPipeError):
            return


def transition(body: bytes) -> Transition:
    """Return the transition that a call carries."""
    told = json.loads(body)
    return Transition(**told | {"changed_fields": tuple(told["changed_fields"])})


def _run(reaction: Reaction, body: bytes) -> Failure | None:
    try:
        reaction(transition(body))
    except Rejected as exc:
        return Failure("rejected", _traceback(exc))
    except Exception as exc:  # noqa: BLE001 - whatever it is, it goes to the dead letter
        return Failure("failed", _traceback(exc))
    return None


def _traceback(error: Exception) -> str:
    # Only our own messages are known to quote no value.
    return format_traceback(error, (ForgewireError,))
