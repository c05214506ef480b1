"""Replay moves of groups and users over the paths that were told before them."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TypeAlias

from state.collections import Collection
from state.digest import digest
from state.version import Version


@dataclass(frozen=True, slots=True)
class Moved:
    """One move as the state keeps it: where to, since when, and whose path it was."""

    old: str  # digest
    new: str | None
    version: Version
    owner: str  # collection


Moves: TypeAlias = Mapping[str, list[Moved]]


@dataclass(frozen=True, slots=True)
class Trail:
    """A path as told, then after each move; gone if its owner went."""

    paths: tuple[str, ...]
    gone: bool = False


def by_old(moves: Iterable[Moved]) -> Moves:
    """Return the moves of each old path, by its digest, oldest first."""
    grouped = defaultdict(list)
    for move in sorted(moves, key=lambda move: move.version.moment):
        grouped[move.old].append(move)
    return grouped


def prefixes(path: str) -> Iterator[str]:
    """Yield `a`, `a/b` and `a/b/c` for `a/b/c`."""
    end = path.find("/")
    while end != -1:
        yield path[:end]
        end = path.find("/", end + 1)
    yield path


def replay(
    source: str, told: tuple[Version, str], moves: Moves, collection: Collection
) -> Trail:
    """Return the path that an event `told`, moved by all that is newer.

    Moves without effect on the path, and those before it was told, do nothing.
    """
    trail, now = [told[1]], told[0].moment
    while True:
        step = _next(source, trail[-1], now, moves, collection)
        if step is None:
            return Trail(tuple(trail))
        prefix, move = step
        if move.new is None:
            return Trail(tuple(trail), gone=True)
        trail.append(move.new + trail[-1][len(prefix) :])
        now = move.version.moment


def _next(
    source: str,
    path: str,
    now: tuple[datetime, int, str],
    moves: Moves,
    collection: Collection,
) -> tuple[str, Moved] | None:
    if not moves:
        return None
    newer = (
        (prefix, move)
        for prefix in prefixes(path)
        for move in moves.get(digest(source, prefix), ())
        if move.version.moment > now and _concerns(move, prefix, path, collection)
    )
    return min(newer, key=lambda step: step[1].version.moment, default=None)


def _concerns(move: Moved, prefix: str, path: str, collection: Collection) -> bool:
    if move.owner not in collection.moved_by:
        return False
    if collection.by_name:
        return prefix == path
    # A group of that very path is another one, or has told the new path itself. What
    # lies below somebody who is gone has an event of its own, or another owner by now.
    return prefix != path and move.new is not None
