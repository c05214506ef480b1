"""Whose code holds the interpreter, by the stacks that py-spy saw hold it.

A line of its raw format is one stack, outermost frame first, and how often it was seen:
`<module> (/app/a.py:3);run (/app/b.py:7) 42`.
"""

import re
from collections.abc import Iterator, Mapping
from pathlib import PurePath
from typing import TypeAlias

from bench.lab import ROOT

#: Which packages make up which part of a process.
Parts: TypeAlias = Mapping[str, tuple[str, ...]]
REST = "the rest of Python"
#: What every process of ours has.
_EVERYWHERE = {
    "logging": ("config", "structlog"),
    "metrics": ("health", "prometheus_client"),
    "pika": ("pika",),
}
#: "bench" is the code of a rival.
RECEIVER: Parts = {
    "receiver": ("ingest", "schemas", "bench"),
    "publisher": ("broker",),
    **_EVERYWHERE,
    "Flask, Werkzeug": ("flask", "werkzeug", "granian", "blinker"),
}
WORKER: Parts = {
    "worker": ("workers", "bench"),
    "consumer": ("broker",),
    **_EVERYWHERE,
    "words": ("schemas",),
    "handlers": ("handlers",),
    "state": ("state",),
    "marshmallow": ("marshmallow",),
    "PyMongo, BSON": ("pymongo", "bson"),
}
#: Others' work: what would remain if Forgewire's own code took no time.
OTHERS = frozenset({"pika", "Flask, Werkzeug", "marshmallow", "PyMongo, BSON", REST})
_FRAME = re.compile(r".*? \((?P<path>.*?)(?::\d+)?\)")
_INSTALLED = "site-packages"


def attributed(raw: str, parts: Parts) -> dict[str, int]:
    """Return how many samples fall to each part, and to REST.

    A sample is its innermost frame's whose package belongs to a part, so what the
    standard library does is the work of who called it.
    """
    owners = {package: part for part, each in parts.items() for package in each}
    found = dict.fromkeys((*parts, REST), 0)
    for paths, count in _stacks(raw):
        known = (owners.get(_package(path)) for path in reversed(paths))
        found[next(filter(None, known), REST)] += count
    return found


def _stacks(raw: str) -> Iterator[tuple[list[str], int]]:
    for line in raw.splitlines():
        frames, _, count = line.rpartition(" ")
        yield [_path(frame) for frame in frames.split(";")], int(count)


def _path(frame: str) -> str:
    found = _FRAME.fullmatch(frame)
    return found["path"] if found else frame


def _package(path: str) -> str:
    """Return the top package of a file, "" for the standard library's."""
    whole = PurePath(path)
    if _INSTALLED in whole.parts:
        below = whole.parts[whole.parts.index(_INSTALLED) + 1 :]
    elif whole.is_relative_to(ROOT):
        below = whole.relative_to(ROOT).parts
    else:
        return ""
    return PurePath(below[0]).stem
