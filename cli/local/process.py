"""Start child processes apart from the terminal, and stop them whole."""

import shutil
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TypeAlias

from cli.local import family
from schemas.errors import ForgewireError

#: Waits that many seconds; it may raise to end whatever is being waited for.
Pause: TypeAlias = Callable[[float], None]

POLL_SECONDS = 0.05
TAIL_LINES = 12
#: What follows a leader by itself (Erlang's port programs) gets this long.
FOLLOW_SECONDS = 2.0


class CannotRun(ForgewireError):
    """Raised when a local process cannot start, or ends though it is needed."""


class Child:
    """A process in a session of its own, so that a Ctrl-C reaches only its starter.

    Start children from the main thread: the kernel ends them with SIGTERM when the
    thread that started them is gone, so that a killed starter leaves none behind.
    """

    def __init__(
        self,
        name: str,
        command: Sequence[str],
        *,
        env: Mapping[str, str],
        log: Path,
        inherit: tuple[int, ...] = (),
    ) -> None:
        self.name = name
        self.log = log
        with _cannot_run(name), log.open("ab") as output:
            self._popen = subprocess.Popen(  # noqa: S603 - the callers' own commands
                [*_dying_with_its_starter(), *command],
                env=dict(env),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                pass_fds=inherit,
            )

    @property
    def pid(self) -> int:
        return self._popen.pid

    @property
    def exit_code(self) -> int | None:
        """Return the exit code, negative for a signal, or None while it runs."""
        return self._popen.poll()

    def stop(self, seconds: float) -> None:
        """Ask the child to end, and in the end kill what remains of its family.

        A child that has ended by itself may have left some behind, too.
        """
        relatives = family.members(self.pid)
        self._popen.terminate()
        if not wait_until(lambda: self.exit_code is not None, seconds=seconds):
            self._popen.kill()
            self._popen.wait()
        wait_until(lambda: not family.remaining(relatives), seconds=FOLLOW_SECONDS)
        family.kill(relatives)

    def kill(self) -> None:
        """Kill the child and its family at once, as a crash would."""
        family.kill(family.members(self.pid))
        self._popen.wait()

    def failure(self, what: str) -> CannotRun:
        """Return an error that says `what` and shows the end of the log."""
        tail = "\n".join(f"  {line}" for line in last_lines(self.log))
        return CannotRun(f"{what}; its log {self.log} ends:\n{tail}")


def wait_until(
    condition: Callable[[], bool],
    *,
    seconds: float,
    pause: Pause = time.sleep,
    clock: Callable[[], float] = time.monotonic,
) -> bool:
    """Return True once the condition holds, or False after that many seconds."""
    end = clock() + seconds
    while not condition():
        if clock() >= end:
            return False
        pause(POLL_SECONDS)
    return True


def wait_ready(
    child: Child,
    condition: Callable[[], bool],
    *,
    seconds: float,
    pause: Pause = time.sleep,
) -> None:
    """Wait until a child is ready; raise CannotRun if it dies or is too slow."""
    wait_until(
        lambda: child.exit_code is not None or condition(), seconds=seconds, pause=pause
    )
    if child.exit_code is not None:
        raise child.failure(f"{child.name} ended with exit code {child.exit_code}")
    if not condition():
        raise child.failure(f"{child.name} was not ready after {seconds:.0f} s")


def last_lines(path: Path, count: int = TAIL_LINES) -> list[str]:
    """Return the last lines of a text file that are not empty."""
    text = path.read_text(encoding="utf-8", errors="replace")
    return [line for line in text.splitlines() if line.strip()][-count:]


@contextmanager
def _cannot_run(name: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise CannotRun(f"{name} cannot be started: {error}") from error


def fresh_log(path: Path) -> Path:
    """Return `path`, setting aside what an earlier run wrote there: one is kept."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.exists():
        path.replace(path.with_name(f"{path.name}.1"))
    return path


def _dying_with_its_starter() -> list[str]:
    # util-linux sets the parent-death signal and becomes the program: no code of ours
    # has to run between fork and exec.
    setpriv = shutil.which("setpriv")
    return [setpriv, "--pdeathsig", "TERM", "--"] if setpriv else []
