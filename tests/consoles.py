"""Visit the console without a browser, in any role, on a real MongoDB."""

import re
import secrets
import time
from contextvars import copy_context
from datetime import UTC, datetime

from prometheus_client import CollectorRegistry

from api import keyring, services
from api.app import create_app
from api.keyring import Keyring
from config.settings import load
from state.client import connect
from state.migrations import migrate
from tests.working import at_database


class Visits:
    """The console of an API in this process, with a database and keys of its own.

    `variables` are further FORGEWIRE_ ones; RabbitMQ is away unless they name one.
    """

    def __init__(self, folder, mongodb_url, **variables):
        name = f"test_console_{secrets.token_hex(6)}"
        keyring.generate(folder / "jwt-keys.json", "ES256", time.time())
        told = {
            "DATA_DIR": folder,
            "MONGODB_URL": at_database(mongodb_url, name),
            "AMQP_URL": "amqp://127.0.0.1:1/%2F",
        } | variables
        self.folder = folder
        self.settings = load({f"FORGEWIRE_{it}": str(told[it]) for it in told})
        self.db = connect(self.settings.mongodb_url, name="tests")
        migrate(self.db)
        keys = Keyring(folder / "jwt-keys.json")
        self.services = services.assemble(
            self.settings, self.db, keys, lambda: datetime.now(UTC)
        )
        self.app = create_app(self.services, (), CollectorRegistry())
        self._clients = {}

    def client(self, role):
        """A client that is signed in as `role`, or as nobody; the same each time."""
        if role not in self._clients:
            client = self._clients[role] = self.app.test_client()
            if role:
                client.set_cookie("forgewire", self.token(role))
        return self._clients[role]

    def token(self, role):
        """A fresh token of a program that has that role."""
        # In a context of its own, as no request issued it.
        return copy_context().run(self._issued, role)

    def _issued(self, role):
        subject, accounts = f"service:{role}", self.services.accounts
        accounts.set_role(subject, role, by="tests", at=datetime.now(UTC))
        return self.services.tokens.issue(accounts.standing(subject), "mint").token

    def get(self, path, role="viewer", **headers):
        """The answer to GET, as a browser asks; headers with _ for -."""
        return self.client(role).get(path, headers=_named(headers), buffered=True)

    def part(self, path, role="viewer", **headers):
        """The answer to htmx, which asks for a part of a page."""
        return self.get(path, role, HX_Request="true", **headers)

    def post(self, path, role="admin", headers=None, **fields):
        """The answer to a form, sent with the CSRF token of that client."""
        sent = {"csrf_token": self.csrf_token(role)} | fields
        return self.client(role).post(path, data=sent, headers=headers)

    def csrf_token(self, role):
        page = self.get("/console/state/users", role).text
        return re.search(r'<meta name="csrf-token" content="([^"]+)"', page)[1]

    def close(self):
        self.services.queues.close()
        self.services.watching.stop()
        self.db.client.drop_database(self.db.name)
        self.db.client.close()


def words(answer):
    """What a page says, without its markup, with single spaces."""
    body = re.sub(r"<(script|style|svg)\b.*?</\1>", " ", answer.text, flags=re.DOTALL)
    return " ".join(re.sub(r"<[^>]+>", " ", body).split())


def _named(headers):
    return {name.replace("_", "-"): value for name, value in headers.items()}
