"""Do to a receiver what no well-meaning client does, until killed.

    python -m tests.chaos.hostile ATTACK PORT TOKEN

Prints one line when the attack is under way.
"""

import contextlib
import itertools
import random
import resource
import socket
import sys
import time
from http.client import HTTPConnection, HTTPException

CAP = 25 << 20
LEFT_OPEN = 10_000
HEAD = b"POST /hooks/gitlab HTTP/1.1\r\nHost: receiver\r\n"
#: A sender that signs is believed only when its whole body is there.
SIGNED = (
    b"POST /hooks/gitlab/signed HTTP/1.1\r\nHost: receiver\r\n"
    b"Content-Type: application/json\r\nContent-Length: 1000\r\n"
    b"webhook-id: msg-1\r\nwebhook-timestamp: %d\r\nwebhook-signature: v1,aGVsbG8=\r\n"
    b"\r\n"
)


def leave_open(port, token):
    """Open very many connections, and say nothing."""
    kept = [_connect(port) for _ in range(LEFT_OPEN)]
    _begun(f"{len(kept)} connections")
    while kept:
        time.sleep(1)


def slow_headers(port, token):
    """Send a head of which one more line comes each second, for ever."""
    kept = [_connect(port, HEAD) for _ in range(1_000)]
    _begun(f"{len(kept)} heads")
    for number in itertools.count():
        time.sleep(1)
        kept = [_kept(one, b"X-%d: y\r\n" % number) for one in kept]
        kept = [one or _connect(port, HEAD) for one in kept]


def slow_bodies(port, token):
    """Send a body of which one more byte comes each second, as one who signs."""
    head = SIGNED % int(time.time())
    kept = [_connect(port, head) for _ in range(500)]
    _begun(f"{len(kept)} bodies")
    while True:
        time.sleep(1)
        kept = [_kept(one, b"{") for one in kept]
        kept = [one or _connect(port, head) for one in kept]


def garbage(port, token):
    """Send random bytes, and requests one upon the other whose answers nobody reads."""
    source = random.Random(1)
    _begun("garbage")
    while True:
        junk = source.randbytes(source.randrange(1, 20_000))
        get = b"GET /%d HTTP/1.1\r\nHost: receiver\r\n\r\n"
        pipelined = b"".join(get % number for number in range(200))
        for sent in (junk, HEAD + junk, pipelined, pipelined + junk):
            with contextlib.suppress(OSError), _connect(port) as connection:
                connection.sendall(sent)


def wrong_tokens(port, token):
    """Guess tokens as fast as one process can."""
    _begun("guessing")
    while True:
        connection = HTTPConnection("127.0.0.1", port, timeout=20)
        with contextlib.suppress(OSError, HTTPException):
            for number in range(1_000):
                headers = {
                    "X-Gitlab-Token": f"{token}-{number}",
                    "Content-Type": "application/json",
                }
                connection.request("POST", "/hooks/gitlab", b"{}", headers)
                connection.getresponse().read()
        connection.close()


def large_bodies(port, token):
    """Send bodies as large as may be, and larger ones; some say their length."""
    head, tail = b'{"event_name": "nothing", "x": "', b'"}'
    largest = head + b"x" * (CAP - len(head) - len(tail)) + tail
    _begun("large bodies")
    while True:
        for body in (largest, largest + b" ", _chunks(largest), _chunks(largest * 2)):
            connection = HTTPConnection("127.0.0.1", port, timeout=20)
            headers = {"X-Gitlab-Token": token, "Content-Type": "application/json"}
            with contextlib.suppress(OSError, HTTPException):
                connection.request("POST", "/hooks/gitlab", body, headers)
                connection.getresponse().read()
            connection.close()


ATTACKS = {
    attack.__name__: attack
    for attack in (
        leave_open,
        slow_headers,
        slow_bodies,
        garbage,
        wrong_tokens,
        large_bodies,
    )
}


def _connect(port, data=b""):
    connection = socket.create_connection(("127.0.0.1", port), timeout=20)
    connection.sendall(data)
    return connection


def _kept(connection, data):
    try:
        connection.sendall(data)
    except OSError:
        connection.close()
        return None
    return connection


def _chunks(body, size=1 << 20):
    yield from (body[start : start + size] for start in range(0, len(body), size))


def _begun(what):
    sys.stdout.write(f"{what}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    ATTACKS[sys.argv[1]](int(sys.argv[2]), sys.argv[3])
