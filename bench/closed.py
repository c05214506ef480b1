"""Closed loop: connections that send the next hook when the last one is answered."""

import secrets
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import orjson

from bench.hooks import Files
from cli.local.process import CannotRun

SCRIPT = Path(__file__).parent / "wrk.lua"
#: An answer that takes longer is counted as broken, and in no percentile.
TIMEOUT_SECONDS = 30


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a closed loop saw."""

    #: 2xx only. What was sent and not answered when the time was over is in none.
    accepted: int
    #: Answered 4xx or 5xx; connections refused, broken or too slow.
    failed: int
    seconds: float
    p50_ms: float
    p99_ms: float
    p999_ms: float


def load(url: str, files: Files, connections: int, seconds: float) -> Outcome:
    """Send hooks for so long, and return how it went.

    Raise CannotRun without wrk, or if not a single hook is accepted.
    """
    wrk = shutil.which("wrk")
    if wrk is None:
        raise CannotRun("wrk is not installed: run `apt-get install wrk`")
    # One thread: it sends several times what any receiver takes, and it takes its
    # share of the processors.
    settings = ["-t1", f"-c{connections}", f"-d{max(1, round(seconds))}s"]
    settings += [f"--timeout={TIMEOUT_SECONDS}s", "--script", str(SCRIPT)]
    given = [str(files.headers), str(files.bodies)]
    done = subprocess.run(
        [wrk, *settings, url, "--", *given, secrets.token_hex(8)],
        capture_output=True,
        text=True,
        check=False,
        timeout=seconds + 2 * TIMEOUT_SECONDS,
    )
    if done.returncode:
        raise CannotRun(f"wrk failed: {done.stdout}{done.stderr}")
    outcome = parsed(done.stdout)
    if not outcome.accepted:
        raise CannotRun(f"{url} accepted none of {outcome.failed} hooks")
    return outcome


def parsed(printed: str) -> Outcome:
    """Return what wrk.lua says in the last line that wrk prints."""
    told = orjson.loads(printed.splitlines()[-1])
    return Outcome(
        accepted=told["answered"] - told["refused"],
        failed=told["refused"] + told["broken"],
        seconds=told["seconds"],
        p50_ms=told["p50_ms"],
        p99_ms=told["p99_ms"],
        p999_ms=told["p999_ms"],
    )
