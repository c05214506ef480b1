"""Notice when code asks for more than its arguments: a clock, chance, a file.

Nothing is replaced: Python tells of each call that the code makes.
"""

import gc
import os
import random
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime
from types import FrameType
from typing import Any

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
_CODES = {
    os._Environ.__getitem__.__code__: "the environment",  # noqa: SLF001
    socket.getaddrinfo.__code__: "the network",
    socket.socket.__init__.__code__: "the network",
    subprocess.Popen.__init__.__code__: "another process",
}
#: The same for functions written in Python, by id: to hash a code is dear.
_PYTHON = {id(code): what for code, what in _CODES.items()}
#: What the functions of `random` share; a Random with a seed of its own is pure. To
#: mypy these are functions, not methods of what they share.
_SHARED = random.random.__self__  # type: ignore[attr-defined]


@contextmanager
def asking() -> Iterator[list[str]]:
    """Yield a list of what the block asks beside its arguments; it grows meanwhile."""
    asked: list[str] = []

    def notice(frame: FrameType, kind: str, called: Any) -> None:
        if kind == "c_call" and (what := _builtin(called)):
            asked.append(f"{what} (`{called.__qualname__}`)")
        elif kind == "call" and (what := _PYTHON.get(id(frame.f_code))):
            asked.append(f"{what} (`{frame.f_code.co_qualname}`)")

    before, collects = sys.getprofile(), gc.isenabled()
    # What a collection calls, as Hypothesis does, is not what the block asks.
    gc.disable()
    sys.setprofile(notice)
    try:
        yield asked
    finally:
        sys.setprofile(before)
        if collects:
            gc.enable()


def _builtin(called: Any) -> str | None:
    what = _BUILTIN.get(called)
    if what is None and getattr(called, "__self__", None) is _SHARED:
        return "chance"
    return what
