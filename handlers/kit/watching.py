"""Notice when a function asks for more than its argument: a clock, chance, a file.

Nothing is replaced: Python tells of each call that the function makes.
"""

import gc
import os
import random
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date, datetime
from types import FrameType
from typing import Any, TypeVar

T = TypeVar("T")

#: Functions written in C that no decision may depend on, and what to call them.
_BUILTIN: dict[Any, str] = {
    **dict.fromkeys((datetime.now, datetime.utcnow, datetime.today), "the clock"),
    **dict.fromkeys((date.today, time.time, time.time_ns), "the clock"),
    **dict.fromkeys((time.monotonic, time.monotonic_ns), "the clock"),
    **dict.fromkeys((time.perf_counter, time.perf_counter_ns), "the clock"),
    os.urandom: "chance",
    time.sleep: "to wait",
    open: "a file",
    os.open: "a file",
    **dict.fromkeys((print, input), "the terminal"),
    os.system: "another process",
    os.getpid: "the process",
    socket.getaddrinfo: "the network",
    socket.gethostname: "the machine",
}
#: The same for functions written in Python, by their code.
_PYTHON = {
    os._Environ.__getitem__.__code__: "the environment",  # noqa: SLF001
    socket.getaddrinfo.__code__: "the network",
    socket.socket.__init__.__code__: "the network",
    subprocess.Popen.__init__.__code__: "another process",
}
#: What the functions of `random` share; a Random with a seed of its own is pure.
_SHARED = random.random.__self__  # type: ignore[attr-defined]


def watched(function: Callable[[Any], T], argument: Any) -> tuple[T, list[str]]:
    """Return what `function` returns, and what it asked beside its argument."""
    asked: list[str] = []

    def notice(frame: FrameType, kind: str, called: Any) -> None:
        if kind == "c_call":
            _note(asked, _builtin(called), called.__qualname__)
        elif kind == "call":
            _note(asked, _PYTHON.get(frame.f_code), frame.f_code.co_qualname)

    with _noticed_by(notice):
        return function(argument), asked


@contextmanager
def _noticed_by(notice: Callable[[FrameType, str, Any], None]) -> Iterator[None]:
    """Have `notice` told of each call in the block."""
    before, collects = sys.getprofile(), gc.isenabled()
    # What a collection calls, as Hypothesis does, is not what the function asks.
    gc.disable()
    sys.setprofile(notice)
    try:
        yield
    finally:
        sys.setprofile(before)
        if collects:
            gc.enable()


def _builtin(called: Any) -> str | None:
    owner = getattr(called, "__self__", None)
    return "chance" if owner is _SHARED else _BUILTIN.get(called)


def _note(asked: list[str], what: str | None, name: str) -> None:
    if what is not None:
        asked.append(f"{what} (`{name}`)")
