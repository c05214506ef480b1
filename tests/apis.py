"""Make the API's application in this process, set as a test wants it."""

import time
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime

from prometheus_client import CollectorRegistry

from api import keyring, services
from api.app import create_app
from api.keyring import Keyring
from config.settings import load
from state.client import connect

#: Nobody listens there.
AWAY = "mongodb://127.0.0.1:1/forgewire"


@contextmanager
def without_mongodb(folder, **variables):
    """A client of an API whose MongoDB is away; `variables` are FORGEWIRE_ ones."""
    keys = folder / "jwt-keys.json"
    keyring.generate(keys, "ES256", time.time())
    told = {"MONGODB_URL": AWAY, "DATA_DIR": str(folder)} | variables
    settings = load({f"FORGEWIRE_{name}": value for name, value in told.items()})
    db = connect(settings.mongodb_url, name="tests")
    made = services.assemble(settings, db, Keyring(keys), lambda: datetime.now(UTC))
    yield create_app(made, (), CollectorRegistry()).test_client()
    db.client.close()


def another(api, *, http=None, **access):
    """A client of an API on the database of one that runs, set otherwise.

    `api` is a `tests.api.Api`; `access` are fields of its `settings.access`.
    """
    settings = replace(api.settings, access=replace(api.settings.access, **access))
    old = api.services
    made = services.assemble(settings, api.db, old.keyring, old.now)
    made = replace(made, http=http or made.http)
    return create_app(made, (), CollectorRegistry()).test_client()
