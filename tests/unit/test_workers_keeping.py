"""Bodies are written beside the work; nobody waits for them, and no secret is kept."""

import json
import threading

import pytest

from broker.message import Message
from schemas.errors import StateUnavailable, Unstorable
from state.packing import Body
from tests.operating import NOON, a_row
from tests.receiver import until
from tests.samples.load import names, payload
from workers.cleaning import cleaned, without_secrets
from workers.keeping import MAX_BODY_BYTES, Keeper


def a_pair(number, body=b"{}"):
    """A row of the ledger, and the message that it is about."""
    row = a_row(number)
    message = Message("gitlab", row.event, row.delivery_id, row.receipt, number, body)
    return row, message


class Written:
    """Takes what a keeper writes; raises each of `errors` first."""

    def __init__(self, *errors):
        self.errors = list(errors)
        self.bodies = []
        self.begun = threading.Event()
        self.may_go_on = threading.Event()
        self.may_go_on.set()

    def __call__(self, bodies):
        self.begun.set()
        self.may_go_on.wait(10)
        if self.errors:
            raise self.errors.pop(0)
        self.bodies += bodies

    @property
    def keys(self):
        return [it.key for it in self.bodies]


@pytest.fixture
def keeping():
    """Start a keeper on a `Written`; all are closed in the end."""
    started = []

    def start(written, **more):
        keeper = Keeper(written, **more)
        keeper.start()
        started.append(keeper)
        return keeper

    yield start
    for keeper in started:
        keeper.close(10)


def keep(keeper, *pairs):
    keeper.keep([row for row, _ in pairs], [message for _, message in pairs])


def test_bodies_are_written_with_what_their_rows_say(keeping):
    written = Written()
    row, message = a_pair(1, b'{"a": 1}')

    keep(keeping(written), (row, message))
    until(lambda: written.bodies, "it is written")

    (one,) = written.bodies
    assert (one.key, one.source, one.body) == (row.key, "gitlab", b'{"a": 1}')
    assert (one.received_at, one.processed_at) == (1, row.processed_at)


def test_what_waits_is_written_at_the_end(keeping):
    written = Written()
    keeper = keeping(written)

    keep(keeper, *(a_pair(n) for n in range(5)))
    keeper.close(10)

    assert len(written.bodies) == 5


def test_only_what_the_ledger_took_is_kept(keeping):
    written = Written()
    keeper = keeping(written)
    (row, first), (_, second) = a_pair(1), a_pair(2)

    keeper.keep([row], [first, second])
    keeper.close(10)

    assert written.keys == [row.key]


def test_nobody_waits_while_mongodb_hangs_and_what_is_too_much_is_dropped(keeping):
    written = Written()
    written.may_go_on.clear()
    keeper = keeping(written, max_waiting_bytes=100)

    keep(keeper, a_pair(1, b"x" * 60))
    assert written.begun.wait(10)
    keep(keeper, a_pair(2, b"x" * 60))
    keep(keeper, a_pair(3, b"x" * 40))
    written.may_go_on.set()
    keeper.close(10)

    assert [len(it.body) for it in written.bodies] == [60, 40]


def test_what_was_written_makes_room(keeping):
    written = Written()
    keeper = keeping(written, max_waiting_bytes=100)

    for number in range(5):
        keep(keeper, a_pair(number, b"x" * 90))
        until(lambda: not keeper._bytes, "it is written")

    assert len(written.bodies) == 5


def test_what_mongodb_is_away_for_is_written_later(keeping):
    written = Written(StateUnavailable("away"), StateUnavailable("away"))
    keeper = keeping(written)

    keep(keeper, a_pair(1))
    until(lambda: written.bodies, "it is written")

    assert len(written.bodies) == 1


def test_what_mongodb_refuses_is_dropped_and_makes_room(keeping):
    written = Written(Unstorable("no"))
    keeper = keeping(written, max_waiting_bytes=100)

    keep(keeper, a_pair(1, b"x" * 90))
    until(lambda: not written.errors, "it is refused")
    until(lambda: not keeper._bytes, "it is forgotten")
    keep(keeper, a_pair(2, b"x" * 90))
    keeper.close(10)

    assert written.keys == [a_pair(2)[0].key]


def test_large_bodies_are_not_kept(keeping):
    written = Written()
    keeper = keeping(written)

    keep(
        keeper, a_pair(1, b"x" * MAX_BODY_BYTES), a_pair(2, b"x" * (MAX_BODY_BYTES + 1))
    )
    keeper.close(10)

    assert [len(it.body) for it in written.bodies] == [MAX_BODY_BYTES]


@pytest.mark.parametrize("name", names())
def test_what_the_host_sends_is_kept_as_it_is(name):
    told = {key: it for key, it in payload(name).items() if key != "push_options"}
    body = json.dumps(told, indent=1).encode()

    assert cleaned(body) == body


@pytest.mark.parametrize(
    "body",
    [
        b'{"user": {"password": "open-sesame"}, "id": 1}',
        b'{"push_options": {"ci": {"variable": "X=open-sesame"}}, "id": 1}',
        b'{"message": "token=open-sesame", "id": 1}',
        b'{"id": 1, "name": "\\ud800", "token": "open-sesame"}',
        b'broken {"password": "open-sesame"',
    ],
)
def test_secrets_are_never_kept(body):
    clean = cleaned(body)

    assert b"sesame" not in clean
    if body.startswith(b"{"):
        assert json.loads(clean)["id"] == 1


def test_a_secret_among_many_bodies_is_found():
    bodies = [
        Body(f"gitlab:{n}", "gitlab", n, NOON, b'{"n": %d}' % n) for n in range(250)
    ]
    bodies[201] = bodies[201]._replace(body=b'{"token": "open-sesame", "n": 201}')

    clean = without_secrets(bodies)

    assert clean[201].body == b'{"token": "[hidden]", "n": 201}'
    assert clean[:201] + clean[202:] == bodies[:201] + bodies[202:]


def test_what_looks_like_a_secret_and_is_none_stays_as_it_is():
    body = b'{ "name":"Passwords", "note":"no token \\u0041" }'

    assert cleaned(body) == body
