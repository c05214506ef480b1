"""Run a real API process, and call it with tokens of any role."""

import contextlib
import json
import secrets
import signal
import time
from datetime import UTC, datetime

import requests

from api import keyring, services
from api.keyring import Keyring
from cli.local import ports
from config.settings import load
from state.client import connect
from tests.processes import start
from tests.receiver import START_SECONDS, until
from tests.working import at_database


class Api:
    """`python -m api` on a free port, with keys and a database of its own.

    `settings` are its settings, `services` works on the same database with the same
    keys, `db` is that database, `folder` its data folder. `more` sets further
    FORGEWIRE_ variables.
    """

    def __init__(self, folder, mongodb_url, **more):
        self.folder = folder
        self.log = folder / "api.log"
        self.keys = folder / "jwt-keys.json"
        keyring.generate(self.keys, "ES256", time.time())
        bind = f"127.0.0.1:{ports.free()}"
        self.url = f"http://{bind}"
        name = f"test_api_{secrets.token_hex(6)}"
        self.variables = {
            "API_BIND": bind,
            "DATA_DIR": folder,
            "MONGODB_URL": at_database(mongodb_url, name),
            "AMQP_URL": "amqp://127.0.0.1:1/%2F",
            "LOG_FORMAT": "json",
        } | more
        self.settings = load(
            {f"FORGEWIRE_{name}": str(it) for name, it in self.variables.items()}
        )
        self.db = connect(self.settings.mongodb_url, name="tests")
        self.services = services.assemble(
            self.settings, self.db, Keyring(self.keys), lambda: datetime.now(UTC)
        )
        self._tokens = {}
        self.start()

    def start(self):
        """Start the process; again, if it was ended."""
        self.process = start("api", self.log, **self.variables)

    def wait(self):
        """Wait until it is ready."""

        def is_ready():
            assert self.process.poll() is None, self.log.read_text()
            with contextlib.suppress(requests.ConnectionError):
                return self.call("GET", "/readyz").ok
            return False

        until(is_ready, "the API is ready", START_SECONDS)
        return self

    def token(self, role, subject=None):
        """A fresh token; the subject has that role from now on.

        The subject is a program if none is given. A person must be a user in the team.
        """
        subject = subject or f"service:{role}"
        accounts = self.services.accounts
        accounts.set_role(subject, role, by="tests", at=datetime.now(UTC))
        standing = accounts.standing(subject)
        return self.services.tokens.issue(standing, "mint").token

    def call(self, method, path, *, role=None, token=None, headers=None, **sent):
        """The answer to a request: with `token`, one of `role`, or none; no redirects.

        `sent` is what `requests` takes: json, data, params, cookies.
        """
        token = token or (self._kept(role) if role else None)
        bearer = {"Authorization": f"Bearer {token}"} if token else {}
        return requests.request(
            method,
            f"{self.url}{path}",
            headers=bearer | (headers or {}),
            allow_redirects=False,
            timeout=20,
            **sent,
        )

    def lines(self):
        """What it has logged; a line that is no JSON fails the test."""
        return [json.loads(line) for line in self.log.read_text().splitlines()]

    def end(self, number=signal.SIGTERM):
        """Send the signal, and return the exit code."""
        if self.process.poll() is None:
            self.process.send_signal(number)
        return self.process.wait(20)

    def close(self):
        self.end()
        self.db.client.drop_database(self.db.name)
        self.db.client.close()

    def _kept(self, role):
        if role not in self._tokens:
            self._tokens[role] = self.token(role)
        return self._tokens[role]
