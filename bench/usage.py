"""What a process and its children have used: processor time, memory."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import psutil

from bench.spent import Spent

MIB = 1 << 20


@dataclass(frozen=True, slots=True)
class Usage:
    """Processor time since they began, in seconds, and resident memory, in bytes."""

    cpu_seconds: float
    rss: int


def usage(pid: int) -> Usage:
    """Return what a process and all below it have used; those that ended count too."""
    process = psutil.Process(pid)
    family = [process, *process.children(recursive=True)]
    found = [used for member in family if (used := _of(member))]
    return Usage(
        cpu_seconds=sum(seconds for seconds, _ in found),
        rss=sum(rss for _, rss in found),
    )


def _of(process: psutil.Process) -> tuple[float, int] | None:
    try:
        with process.oneshot():
            times = process.cpu_times()
            rss = process.memory_info().rss
    except psutil.NoSuchProcess:
        return None  # it ended just now, and is in its parent's times
    return sum(times[:4]), rss


def cpu_of(pid: int) -> Callable[[], float]:
    """Return a function that returns the processor seconds used since now."""
    begin = usage(pid).cpu_seconds
    return lambda: usage(pid).cpu_seconds - begin


def peak(pid: int) -> int:
    """Return the most memory that a process and all below it have had, in bytes.

    Each at its own time; so the sum may be more than they ever had at once.
    """
    process = psutil.Process(pid)
    family = [process, *process.children(recursive=True)]
    return sum(_peak(member.pid) for member in family)


def children(module: str) -> list[int]:
    """Return our own children that run `python -m MODULE`, oldest first."""
    found = psutil.Process().children()
    ours = [it for it in found if module in it.cmdline()]
    return [it.pid for it in sorted(ours, key=psutil.Process.create_time)]


def _peak(pid: int) -> int:
    lines = Path(f"/proc/{pid}/status").read_text("ascii").splitlines()
    (told,) = (line for line in lines if line.startswith("VmHWM:"))
    return int(told.split()[1]) * 1024


def watch(pid: int) -> Callable[[], Spent]:
    """Begin a window; return a function that returns what was spent in it."""
    begin = _so_far(pid)
    return lambda: _so_far(pid).less(begin)


def busiest(pid: int) -> int:
    """Return which of a process and all below it has used most processor time."""
    process = psutil.Process(pid)
    family = [process, *process.children(recursive=True)]
    return max(family, key=lambda it: sum(it.cpu_times()[:2])).pid


def _so_far(pid: int) -> Spent:
    user, kernel = psutil.Process(pid).cpu_times()[:2]
    return Spent(time.monotonic(), user + kernel, kernel, _turns(pid))


def _turns(pid: int) -> int:
    return sum(map(_of_thread, Path(f"/proc/{pid}/task").iterdir()))


def _of_thread(folder: Path) -> int:
    try:
        lines = (folder / "status").read_text("utf-8", "replace").splitlines()
    except (FileNotFoundError, ProcessLookupError):
        return 0  # it ended just now
    counts = (line.split() for line in lines if "voluntary_ctxt_switches:" in line)
    return sum(int(count) for _, count in counts)
