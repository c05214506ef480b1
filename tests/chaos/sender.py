"""Send hooks as a host behind a load balancer does, and note every answer."""

import itertools
import json
import math
import threading
import time
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException

from tests.chaos.fleet import TOKEN

#: GitLab gives up on a hook after this many seconds.
PATIENCE_SECONDS = 10
#: Enough that those who wait for a receiver that hangs do not hold up the others.
THREADS = 96
#: After this many seconds, a third of a trickle is left.
DECAY_SECONDS = 10.0
TICK_SECONDS = 0.1


@dataclass
class Answers:
    """What became of the hooks that were sent, by their ids."""

    #: "queued" or "spooled", for each that was answered 2xx.
    accepted: dict[str, str] = field(default_factory=dict)
    refused: dict[str, object] = field(default_factory=dict)
    #: When each was accepted, in seconds since 1970.
    times: dict[str, float] = field(default_factory=dict)
    #: The longest that a 2xx took, in seconds.
    slowest: float = 0.0


class Sender:
    """Sends each hook to the receivers in turn; if one fails, to the other, once."""

    def __init__(self, ports):
        self._ports = itertools.cycle(ports)
        self._number = len(ports)
        self._lock = threading.Lock()
        self._pool = ThreadPoolExecutor(THREADS)

    def send(self, hooks, answers, seconds):
        """Send `hooks` evenly over that time, and wait for all answers."""
        begin, step = time.monotonic(), seconds / max(1, len(hooks))
        futures = []
        for number, hook in enumerate(hooks):
            time.sleep(max(0.0, begin + number * step - time.monotonic()))
            futures.append(self._pool.submit(self._deliver, hook, answers))
        for future in futures:
            future.result()

    def trickle(self, hooks, answers, mended):
        """Send until `mended`, fewer and fewer so that some are left; then the rest.

        Nobody knows how long a fault takes: a start, an election.
        """
        left, futures = deque(hooks), []
        while len(left) > 1 and not mended.wait(TICK_SECONDS):
            number = math.ceil(len(left) * TICK_SECONDS / DECAY_SECONDS)
            now = [left.popleft() for _ in range(number)]
            futures += [self._pool.submit(self._deliver, it, answers) for it in now]
        mended.wait()
        self.send(left, answers, 1.0)
        for future in futures:
            future.result()

    def insist(self, hooks, answers, seconds=60):
        """Send until each was accepted, as an administrator does from the host's log.

        Return those that never were.
        """
        end, left = time.monotonic() + seconds, list(hooks)
        while left and time.monotonic() < end:
            self.send(left, answers, len(left) / 200)
            left = [hook for hook in left if hook.delivery_id not in answers.accepted]
        return left

    def close(self):
        self._pool.shutdown()

    def _deliver(self, hook, answers):
        with self._lock:
            ports = list(itertools.islice(self._ports, self._number))
            # One more, so that the next hook begins with the next receiver.
            next(self._ports)
        if not any(self._try(port, hook, answers) for port in ports):
            with self._lock:
                answers.refused[hook.delivery_id] = hook

    def _try(self, port, hook, answers):
        begin = time.monotonic()
        status = post(port, hook)
        took = time.monotonic() - begin
        with self._lock:
            if status is None:
                return False
            answers.accepted.setdefault(hook.delivery_id, status)
            answers.times.setdefault(hook.delivery_id, time.time())
            answers.slowest = max(answers.slowest, took)
        return True


def post(port, hook):
    """Deliver a hook; return "queued" or "spooled", None if it was not accepted."""
    connection = HTTPConnection("127.0.0.1", port, timeout=PATIENCE_SECONDS)
    headers = {
        "Content-Type": "application/json",
        "X-Gitlab-Token": TOKEN,
        "Idempotency-Key": hook.delivery_id,
    }
    try:
        connection.request("POST", "/hooks/gitlab", json.dumps(hook.payload), headers)
        answer = connection.getresponse()
        body = answer.read()
        return json.loads(body)["status"] if answer.status // 100 == 2 else None
    except (OSError, HTTPException, ValueError):
        return None
    finally:
        connection.close()
