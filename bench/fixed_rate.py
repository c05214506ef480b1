"""Open loop: hooks at times that were fixed up front, whatever becomes of the others.

python -m bench.fixed_rate URL BODIES RATE SECONDS

Each latency counts from the time at which its hook was due, so a receiver that stops
for a moment is charged with all that should have come meanwhile.
"""

import asyncio
import math
import secrets
import selectors
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from itertools import cycle
from pathlib import Path
from random import Random

import aiohttp
import orjson

from bench.hooks import HEADERS, Files
from bench.lab import ROOT

#: So many at once; what is due while all are taken waits, and its time runs.
CONNECTIONS = 256
TIMEOUT_SECONDS = 60


@dataclass(slots=True)
class Outcome:
    """What an open loop saw."""

    seconds: float = 0.0
    failed: int = 0
    #: Delivery ids that were answered 202.
    accepted: list[str] = field(default_factory=list)
    #: From due to answered, of each that was answered, in seconds.
    latencies: list[float] = field(default_factory=list)
    #: From due to sent by this program, in seconds.
    delays: list[float] = field(default_factory=list)


def times(rate: float, seconds: float, seed: int = 1) -> list[float]:
    """Return when hooks are due, in seconds from the beginning.

    The gaps are random, as between hooks of many independent causes; the number is
    `rate` times `seconds`, and each seed has the same times for everybody.
    """
    random = Random(seed)
    number = round(rate * seconds)
    return sorted(random.uniform(0, seconds) for _ in range(number))


def percentile(values: Sequence[float], percent: float) -> float:
    """Return the smallest of `values` that so many percent do not exceed."""
    return sorted(values)[max(0, math.ceil(len(values) * percent / 100) - 1)]


async def send_all(url: str, bodies: Sequence[bytes], due: Sequence[float]) -> Outcome:
    """Send a hook at each of the times, and return when all are answered."""
    outcome, key = Outcome(), secrets.token_hex(8)
    connector = aiohttp.TCPConnector(limit=CONNECTIONS)
    timeout = aiohttp.ClientTimeout(total=TIMEOUT_SECONDS)
    async with aiohttp.ClientSession(
        connector=connector, timeout=timeout, headers=HEADERS
    ) as session:
        # A moment to make all the tasks.
        begin = time.perf_counter() + 0.2
        async with asyncio.TaskGroup() as group:
            for number, (at, body) in enumerate(zip(due, cycle(bodies), strict=False)):
                hook = _Hook(begin + at, f"{key}-{number:08x}", body)
                group.create_task(_send(session, url, hook, outcome))
        outcome.seconds = time.perf_counter() - begin
    return outcome


@dataclass(frozen=True, slots=True)
class _Hook:
    due: float
    id: str
    body: bytes


async def _send(
    session: aiohttp.ClientSession, url: str, hook: _Hook, outcome: Outcome
) -> None:
    await asyncio.sleep(hook.due - time.perf_counter())
    outcome.delays.append(time.perf_counter() - hook.due)
    headers = {"Idempotency-Key": hook.id}
    try:
        async with session.post(url, data=hook.body, headers=headers) as answer:
            await answer.read()
    except (aiohttp.ClientError, TimeoutError):
        outcome.failed += 1
        return
    if answer.status != 202:
        outcome.failed += 1
        return
    outcome.latencies.append(time.perf_counter() - hook.due)
    outcome.accepted.append(hook.id)


def _precise_loop() -> asyncio.AbstractEventLoop:
    # epoll would wake us up to a millisecond late.
    return asyncio.SelectorEventLoop(selectors.SelectSelector())


def load(url: str, files: Files, rate: float, seconds: float) -> Outcome:
    """Send hooks at a rate for so long, from a process of its own."""
    given = [url, str(files.bodies), str(rate), str(seconds)]
    done = subprocess.run(
        [sys.executable, "-m", "bench.fixed_rate", *given],
        stdout=subprocess.PIPE,
        check=True,
        cwd=ROOT,
        timeout=seconds + 2 * TIMEOUT_SECONDS,
    )
    return Outcome(**orjson.loads(done.stdout))


def main(url: str, bodies: str, rate: str, seconds: str) -> None:
    lines = Path(bodies).read_bytes().splitlines()
    due = times(float(rate), float(seconds))
    with asyncio.Runner(loop_factory=_precise_loop) as runner:
        outcome = runner.run(send_all(url, lines, due))
    sys.stdout.buffer.write(orjson.dumps(asdict(outcome)))


if __name__ == "__main__":
    main(*sys.argv[1:])
