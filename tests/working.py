"""Run a real worker process, and hand it messages through a real broker."""

import contextlib
import json
import signal

import requests

from broker.topology import Topology
from cli.local import ports
from tests.processes import start
from tests.rabbit import publishing


class Worker:
    """`python -m workers` on a free port, its output in a file."""

    module, variable = "workers", "WORKER_BIND"

    def __init__(
        self, folder, amqp_url, prefix, mongodb_url, *, plugins=None, **settings
    ):
        self.log = folder / f"{self.module}-{prefix}.log"
        self.port = ports.free()
        settings = {self.variable: f"127.0.0.1:{self.port}"} | settings
        self.process = start(
            self.module,
            self.log,
            plugins=plugins,
            AMQP_URL=amqp_url,
            AMQP_PREFIX=prefix,
            MONGODB_URL=mongodb_url,
            LOG_FORMAT="json",
            **settings,
        )

    def get(self, path):
        return requests.get(f"http://127.0.0.1:{self.port}{path}", timeout=10)

    def is_ready(self):
        with contextlib.suppress(requests.ConnectionError):
            return self.get("/readyz").status_code == 200
        return False

    def lines(self):
        return [json.loads(line) for line in self.log.read_text().splitlines()]

    def end(self, number=signal.SIGTERM):
        """Send the signal, and return the exit code."""
        self.process.send_signal(number)
        return self.process.wait(20)


def publish_all(amqp_url, prefix, messages):
    """Publish messages in one go, and wait until each is confirmed."""
    with publishing(amqp_url, Topology(prefix)) as publisher:
        for sent in [publisher.submit(message) for message in messages]:
            sent.result(30)


def at_database(url, name):
    """Return the URL of another database on the same server."""
    return url.replace("/forgewire", f"/{name}")
