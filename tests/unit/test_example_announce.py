"""Check the example of a reaction against the verifier of Standard Webhooks."""

import pytest
from standardwebhooks import Webhook

from examples.announce.announce.reactions import announce, tell
from handlers import Transition
from schemas.errors import Rejected, Unavailable
from tests.inbox import SECRET, Inbox

RENAMED = Transition(
    collection="users",
    id=41,
    kind="changed",
    source="gitlab",
    before={"username": "ada"},
    after={"username": "ada.sample"},
    changed_fields=("name", "username"),
    key="users/gitlab:41@3#announce.reactions.announce",
)


@pytest.fixture
def inbox():
    inbox = Inbox()
    yield inbox
    inbox.close()


def test_it_reacts_to_accounts_that_come_are_renamed_and_go():
    assert announce.collection == "users"
    assert announce.kinds == {"created", "changed", "deleted"}
    assert announce.fields == {"username"}


def test_what_it_sends_is_signed_as_the_verifier_wants_it(inbox):
    tell(RENAMED, inbox.environ)

    ((headers, body),) = inbox.requests
    assert Webhook(SECRET).verify(body, headers) == {
        "type": "users.changed",
        "data": {
            "source": "gitlab",
            "id": 41,
            "username": "ada.sample",
            "changed_fields": ["name", "username"],
        },
    }


def test_what_is_told_twice_bears_the_same_id(inbox):
    tell(RENAMED, inbox.environ)
    tell(RENAMED, inbox.environ)

    first, again = inbox.ids()
    assert first == again


@pytest.mark.parametrize("status", [429, 500, 503])
def test_who_is_busy_for_a_moment_is_told_again(inbox, status):
    inbox.answers = [status]

    tell(RENAMED, inbox.environ)

    assert len(inbox.requests) == 2
    assert len(set(inbox.ids())) == 1


def test_who_stays_busy_is_left_to_a_later_try(inbox):
    inbox.answers = [503] * 3

    with pytest.raises(Unavailable, match=r"^answered 503$"):
        tell(RENAMED, inbox.environ)

    assert len(inbox.requests) == 3


@pytest.mark.parametrize("status", [302, 400, 410])
def test_who_refuses_it_is_asked_no_more(inbox, status):
    inbox.answers = [status]

    with pytest.raises(Rejected, match=f"^answered {status}$"):
        tell(RENAMED, inbox.environ)

    assert len(inbox.requests) == 1


def test_without_an_answer_neither_url_nor_names_are_quoted(inbox):
    inbox.close()

    with pytest.raises(Unavailable) as raised:
        tell(RENAMED, inbox.environ)

    assert str(raised.value) == "no answer: ConnectionError"
    assert raised.value.__cause__ is None
