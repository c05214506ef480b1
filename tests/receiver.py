"""Run a real receiver process, and speak to it in bytes that no client would send."""

import contextlib
import http.client
import os
import re
import signal
import socket
import time
from pathlib import Path

import requests

from cli.local import ports
from tests.processes import start
from tests.receiving import TOKEN

SIGNING_TOKEN = "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="
CONFIG = f"""
[sources.signed]
signing_tokens = ["{SIGNING_TOKEN}"]

[sources.off]
tokens = ["{TOKEN}"]
enabled = false
"""
HEAD = (
    f"Host: receiver\r\nContent-Type: application/json\r\nX-Gitlab-Token: {TOKEN}\r\n"
)

#: What a process may take until it is ready, on a machine with much else to do.
START_SECONDS = 60


def until(holds, what, seconds=20):
    """Wait until `holds()`, and return what it returned."""
    deadline = time.monotonic() + seconds
    while not (found := holds()):
        assert time.monotonic() < deadline, f"not in {seconds} s: {what}"
        time.sleep(0.02)
    return found


class Receiver:
    """`python -m ingest` on a free port, its output in a file."""

    def __init__(self, folder, amqp_url, prefix, **settings):
        config = folder / "sources.toml"
        config.write_text(CONFIG)
        self.log = folder / f"{prefix}.log"
        self.port = ports.free()
        self.url = f"http://127.0.0.1:{self.port}"
        ours = {
            "GITLAB_TOKENS": f"older-token,{TOKEN}",
            "CONFIG": str(config),
            "AMQP_URL": amqp_url,
            "AMQP_PREFIX": prefix,
            # One for each prefix: what is left there is sent by whoever finds it.
            "SPOOL_DIR": str(folder / f"{prefix}-spool"),
            "INGEST_BIND": f"127.0.0.1:{self.port}",
        }
        self.process = start("ingest", self.log, **ours | settings)

    def get(self, path):
        return requests.get(f"{self.url}{path}", timeout=10)

    def post(self, body, path="/hooks/gitlab", **headers):
        given = {name.replace("_", "-"): value for name, value in headers.items()}
        json = {"X-Gitlab-Token": TOKEN, "Content-Type": "application/json"}
        return requests.post(
            f"{self.url}{path}", data=body, headers=json | given, timeout=20
        )

    def wait(self, status="ready"):
        """Wait until /readyz says `status`: "ready", "degraded", or an HTTP status."""

        def answers():
            assert self.process.poll() is None, self.log.read_text()
            with contextlib.suppress(requests.ConnectionError):
                said = self.get("/readyz")
                return status in {said.status_code, said.json()["status"]}
            return False

        until(answers, f"/readyz says {status}", START_SECONDS)
        return self

    def in_flight(self):
        found = re.search(r"forgewire_hooks_in_flight (\d+)", self.get("/metrics").text)
        return int(found[1])

    def raw(self, data=b""):
        """A connection over which `data` was sent."""
        connection = socket.create_connection(("127.0.0.1", self.port), timeout=20)
        connection.sendall(data)
        return connection

    def tell(self, number=signal.SIGTERM):
        self.process.send_signal(number)

    def join(self):
        """Wait for the end, and return the exit code."""
        return self.process.wait(45)

    @property
    def serving_pid(self):
        """The process that serves; the one that was started looks after it."""
        pid = self.process.pid
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text()
        return int(children.split()[0])

    def kill(self):
        """End what serves as a power cut would."""
        os.kill(self.serving_pid, signal.SIGKILL)
        self.join()

    def stop(self):
        if self.process.poll() is None:
            self.tell()
        return self.join()


def request_head(path="/hooks/gitlab", *fields):
    """The head of a request that carries the token."""
    more = "".join(f"{field}\r\n" for field in fields)
    return f"POST {path} HTTP/1.1\r\n{HEAD}{more}\r\n".encode()


def answer(connection):
    """The status of the next answer on a connection, None if it was closed."""
    response = http.client.HTTPResponse(connection)
    with response, contextlib.suppress(ConnectionError, http.client.HTTPException):
        response.begin()
        response.read()
    return response.status if isinstance(response.status, int) else None
