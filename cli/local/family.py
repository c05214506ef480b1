"""Find the processes that a child has left in the system, from /proc."""

import os
import signal
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

PROC = Path("/proc")


@dataclass(frozen=True, slots=True)
class Entry:
    """A process as the kernel lists it; its start time tells a reused pid apart."""

    pid: int
    parent: int
    session: int
    started: int


def read(stat: str) -> Entry:
    """Return what one `/proc/<pid>/stat` says."""
    # The command stands in parentheses and may itself hold blanks and parentheses.
    pid = int(stat.split(" ", 1)[0])
    fields = stat.rpartition(")")[2].split()
    return Entry(pid, int(fields[1]), int(fields[3]), int(fields[19]))


def listing() -> Iterator[Entry]:
    """Yield every process that is alive; zombies are not."""
    for folder in PROC.iterdir():
        if folder.name.isdigit():
            # A process may end between the listing and the reading.
            with suppress(OSError):
                stat = (folder / "stat").read_text(encoding="utf-8", errors="replace")
                if stat.rpartition(")")[2].split()[0] != "Z":
                    yield read(stat)


def members(leader: int) -> frozenset[Entry]:
    """Return the processes of the leader's session and all that descend from them.

    Erlang's port programs begin sessions of their own, so the session is not enough.
    """
    alive = list(listing())
    family = {each for each in alive if leader in (each.pid, each.session)}
    while grown := _children(alive, family):
        family |= grown
    return frozenset(family)


def _children(alive: list[Entry], family: set[Entry]) -> set[Entry]:
    parents = {each.pid for each in family}
    return {each for each in alive if each.parent in parents} - family


def remaining(family: frozenset[Entry]) -> frozenset[Entry]:
    """Return those of a family who are still alive."""
    started = {(each.pid, each.started) for each in listing()}
    return frozenset(each for each in family if (each.pid, each.started) in started)


def kill(
    family: frozenset[Entry], *, send: Callable[[int, int], None] = os.kill
) -> None:
    """Kill whoever of a family is still alive."""
    for each in remaining(family):
        with suppress(ProcessLookupError):
            send(each.pid, signal.SIGKILL)
