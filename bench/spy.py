"""Watch a process with py-spy: for how much of the time who holds its interpreter.

By itself py-spy stops one thread after the other before it looks, or looks while all of
them go on. With many threads that hand the interpreter around every few microseconds
both tell something else than what was: who holds it lets go meanwhile, and who sleeps
is stopped first. So the process is put on one processor, and py-spy on the same one at
real-time priority: whenever it looks, the process stands still, whole. The process gets
a high priority itself, so that hardly anybody takes that processor from it while it
holds its interpreter. Threads of known work are told apart to a fifth in this way.
"""

import os
import re
import subprocess
import sysconfig
import tempfile
from contextlib import suppress
from pathlib import Path

from bench.stacks import Parts, attributed

#: Looks a second. Together they take some hundredths of the time.
RATE = 250
#: Against all that has no real-time priority; the highest that `nice` knows.
NICENESS = -20
#: To attach, and to write what was seen.
PATIENCE_SECONDS = 60
_ERRORS = re.compile(r"Samples: \d+ Errors: (\d+)")


class CannotSpy(Exception):
    """Raised when py-spy is not there, may not attach, or saw nothing."""


def shares(pid: int, seconds: int, parts: Parts) -> dict[str, float]:
    """Return for which share of the time each part has held the interpreter.

    py-spy looks RATE times a second, and with --gil notes a stack only if its thread
    holds the interpreter; so the share of a part is its samples by all looks, and the
    sum is less than 1 if at times nobody held it. The process stays on the processor
    on which it was put. Raise CannotSpy.
    """
    processor = min(os.sched_getaffinity(0))
    _give(pid, processor)
    with tempfile.TemporaryDirectory(prefix="forgewire-bench-") as folder:
        file = Path(folder) / "stacks"
        told = _record(pid, seconds, processor, file)
        found = attributed(file.read_text("utf-8"), parts)
    if not any(found.values()):
        raise CannotSpy("py-spy saw nobody hold the interpreter")
    looks = RATE * seconds - errors(told)
    return {part: count / looks for part, count in found.items()}


def errors(told: str) -> int:
    """Return how often py-spy looked in vain, by what it said."""
    said = _ERRORS.search(told)
    if said is None:
        raise CannotSpy(f"py-spy did not say how it went: {_last(told)}")
    return int(said[1])


def _give(pid: int, processor: int) -> None:
    """Put all threads on a processor, before whoever else wants it."""
    try:
        for thread in [int(it.name) for it in Path(f"/proc/{pid}/task").iterdir()]:
            with suppress(ProcessLookupError):  # it ended just now
                os.sched_setaffinity(thread, {processor})
                os.setpriority(os.PRIO_PROCESS, thread, NICENESS)
    except OSError as exc:
        raise CannotSpy(f"it cannot be given a processor of its own: {exc}") from exc


def _record(pid: int, seconds: int, processor: int, file: Path) -> str:
    # --idle, or what py-spy takes for waiting would be left out though it is not.
    options = ["--gil", "--idle", "--nonblocking", "--full-filenames", "--nolineno"]
    options += ["--format", "raw", "--rate", str(RATE), "--duration", str(seconds)]
    # In this order: first it is preferred, then it goes where the process is.
    there = ["chrt", "--fifo", "1", "taskset", "--cpu-list", str(processor)]
    target = ["--pid", str(pid), "--output", str(file)]
    command = [*there, _program(), "record", *options, *target]
    try:
        done = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
            timeout=seconds + PATIENCE_SECONDS,
        )
    except (OSError, subprocess.TimeoutExpired) as exc:
        raise CannotSpy(f"py-spy: {exc}") from exc
    if done.returncode or not file.exists():
        raise CannotSpy(f"py-spy: {_last(done.stdout)}")
    return done.stdout


def _program() -> str:
    return str(Path(sysconfig.get_path("scripts")) / "py-spy")


def _last(told: str) -> str:
    lines = [line.strip() for line in told.splitlines() if line.strip()]
    return lines[-1] if lines else "it said nothing"
