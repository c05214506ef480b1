"""Run an API with queues of its own, and fill them."""

import json
import secrets
from datetime import UTC, datetime, timedelta

from broker.dead_letters import Death, bury
from broker.envelope import encode
from broker.topology import Topology
from state.ledger import Ledger, Row
from tests.api import Api
from tests.rabbit import a_message, channel, publishing
from tests.samples.load import event_of, payload

NOON = datetime(2026, 11, 1, 12, tzinfo=UTC)
NOW = 1_790_000_000_000_000
HOUR = 3_600_000_000


class Operated(Api):
    """An API whose queues are at `amqp_url`; `via` is the URL that it is told."""

    def __init__(self, folder, mongodb_url, amqp_url, *, via=None, **more):
        self.amqp_url = amqp_url
        self.topology = Topology(f"test-{secrets.token_hex(6)}")
        rabbit = {"AMQP_URL": via or amqp_url, "AMQP_PREFIX": self.topology.prefix}
        super().__init__(folder, mongodb_url, **rabbit, **more)
        self.servers = self.variables | {"AMQP_URL": amqp_url}

    def clear(self):
        """Empty queues, ledger and trail."""
        with publishing(self.amqp_url, self.topology), self._channel() as it:
            for name in self._names():
                it.queue_purge(name)
        for name in ("deliveries", "changes", "receivers"):
            self.db[name].delete_many({})

    def keep(self, *rows):
        """Write rows of the ledger."""
        Ledger(self.db).write(rows)

    def bury(self, delivery_id, sample="user_create", **changes):
        """Bury a sample under a delivery id."""
        death = Death(
            reason=changes.pop("reason", "handler-failed"),
            detail="Traceback ...\nKeyError: 'id'",
            handler=changes.pop("handler", "handlers.users.save"),
            died_at=NOW + changes.pop("hours", 0) * HOUR,
        )
        fields = {
            "event": event_of(sample),
            "receipt": f"3f9c2a71.{delivery_id}",
            "body": json.dumps(payload(sample)).encode(),
        }
        message = a_message(delivery_id, **fields | changes)
        with publishing(self.amqp_url, self.topology) as publisher:
            bury(publisher, *encode(message), death).result(5)

    def trail(self):
        """The rows of the trail, the newest first."""
        return self.call("GET", "/api/v1/changes", role="admin").json()

    def close(self):
        assert self.end() == 0
        super().close()
        with self._channel() as it:
            for name in self._names():
                it.queue_delete(name)
                it.exchange_delete(name)

    def _channel(self):
        return channel(self.amqp_url)

    def _names(self):
        return self.topology.events, self.topology.dead_letters


def a_row(number, **changes):
    """A row of the ledger, received so many seconds after noon."""
    at = NOON + timedelta(seconds=number)
    fields = {
        "source": "gitlab",
        "delivery_id": f"d-{number}",
        "receipt": f"3f9c2a71.{number + 1}",
        "event": "user_create",
        "outcome": "applied",
        "received_at": at,
        "processed_at": at + timedelta(milliseconds=5),
        "entity": "users/41",
    }
    return Row(**fields | changes)


def problem(answer):
    """The status and the code of an answer that tells a problem."""
    assert answer.headers["Content-Type"] == "application/problem+json", answer.text
    return answer.status_code, answer.json()["code"]
