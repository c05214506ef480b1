"""Send hooks to a receiver, one by one or each at its time."""

import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection
from urllib.parse import urlsplit

from bench.hooks import HEADERS
from bench.mix import Hook

#: Connections of an open loop: far more than hooks are ever under way at its rates.
CONNECTIONS = 16
ACCEPTED = 202
TIMEOUT_SECONDS = 30


class NotAccepted(Exception):
    """Raised when a receiver answers anything but 202."""


@dataclass(frozen=True, slots=True)
class Poster:
    """One connection to a receiver, kept open."""

    connection: HTTPConnection
    path: str

    def post(self, hook: Hook) -> None:
        """Send a hook; return when it is accepted, or raise NotAccepted."""
        headers = {**HEADERS, "Idempotency-Key": hook.delivery_id}
        self.connection.request("POST", self.path, hook.body, headers)
        answer = self.connection.getresponse()
        answer.read()
        if answer.status != ACCEPTED:
            raise NotAccepted(f"the receiver answered {answer.status}")


@contextmanager
def poster(url: str) -> Iterator[Poster]:
    """Open a connection to the receiver at `url`."""
    parts = urlsplit(url)
    connection = HTTPConnection(parts.netloc, timeout=TIMEOUT_SECONDS)
    try:
        connection.connect()
        yield Poster(connection, parts.path)
    finally:
        connection.close()


def post_at_rate(url: str, hooks: Sequence[Hook], rate: float) -> list[float]:
    """Send hooks at a fixed rate; return when each was due, by `time.monotonic`.

    Whatever becomes of the ones before: a hook that is sent late was due all the same.
    Raise NotAccepted if one is not accepted.
    """
    begin = time.monotonic() + 0.1
    due = [begin + number / rate for number in range(len(hooks))]
    # Each connection takes the next one when it is done with the last.
    turns = iter(list(zip(hooks, due, strict=True)))
    with ThreadPoolExecutor(CONNECTIONS) as pool:
        for sender in [pool.submit(_send, url, turns) for _ in range(CONNECTIONS)]:
            sender.result()
    return due


def _send(url: str, turns: Iterator[tuple[Hook, float]]) -> None:
    with poster(url) as connected:
        for hook, due in turns:
            time.sleep(max(0, due - time.monotonic()))
            connected.post(hook)
