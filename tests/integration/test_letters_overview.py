"""Dead letters are read in the background, seldom, and stay where they are."""

import time
from datetime import UTC, datetime

import pytest

from broker.dead_letters import Death, bury
from broker.envelope import encode
from operations import overview
from operations.causes import letter_key
from operations.letter_reader import Reader
from operations.overview import Watch
from operations.queues import Busy, Queues
from schemas.errors import BrokerUnavailable
from tests.operating import NOW
from tests.rabbit import a_message, proxied
from tests.receiver import until

SECONDS = 10


@pytest.fixture
def die(publisher):
    def one(id_, reason="poison", detail="ValueError"):
        message = a_message(
            id_, receipt=f"3f9c2a71.{id_}", body=b'{"user_name": "Ann"}'
        )
        death = Death(reason, detail, "handlers.activity.push", NOW)
        bury(publisher, *encode(message), death).result(10)

    return one


@pytest.fixture
def queues(amqp_url, topology):
    return Queues(amqp_url, topology)


@pytest.fixture
def watch(queues):
    return Watch(queues, lambda: datetime.now(UTC))


def ids(known):
    groups = known.overview.groups
    return sorted(it["delivery_id"] for group in groups for it in group.letters)


def test_letters_are_put_into_groups_and_stay(watch, die):
    die("d-1")
    die("d-2", "handler-failed")
    die("d-3")

    known = watch.known(SECONDS)

    assert known.problem is None
    assert [it.number for it in known.overview.groups] == [2, 1]
    assert known.overview.number == known.overview.looked_at == 3
    assert known.overview.is_complete
    key = known.overview.groups[0].key
    assert known.overview.group(key) is known.overview.groups[0]
    assert known.overview.group("none") is None
    again = until(lambda: it if ids(it := watch.known(SECONDS)) else None, "again")
    assert ids(again) == ["d-1", "d-2", "d-3"]


def test_nothing_is_an_overview_too(watch):
    known = watch.known(SECONDS)

    assert known.overview.number == 0
    assert known.overview.first is None


def test_letters_are_read_again_only_if_there_are_more_or_fewer(watch, die):
    die("d-1")
    first = watch.known(SECONDS).overview
    looked = time.monotonic()
    until(lambda: time.monotonic() - looked > overview.YOUNG_SECONDS, "it is not young")

    same = watch.known(SECONDS).overview
    die("d-2")
    other = until(
        lambda: it if (it := watch.known(SECONDS).overview).number == 2 else None,
        "the second shows",
    )

    assert same is first
    assert ids(watch.known(SECONDS)) == ["d-1", "d-2"]
    watch.forget()
    until(lambda: watch.known(SECONDS).overview is not other, "it is read again")


def test_who_asks_waits_no_longer_than_he_will(watch, queues, die):
    die("d-1")
    with queues.alone():
        begun = time.monotonic()
        known = watch.known(0.1)

        assert known.overview is None
        assert time.monotonic() - begun < 0.4
        busy = watch.known(SECONDS)
    assert isinstance(busy.problem, Busy)
    until(lambda: watch.known(SECONDS).overview, "it is not busy any more")


def test_while_rabbitmq_is_away_the_last_is_told_and_that_it_is(
    amqp_url, topology, die
):
    die("d-1")
    with proxied(amqp_url) as (proxy, via):
        queues = Queues(via, topology)
        watch = Watch(queues, lambda: datetime.now(UTC))
        assert ids(watch.known(SECONDS)) == ["d-1"]
        proxy.refuse()

        known = until(
            lambda: it if (it := watch.known(SECONDS)).problem else None, "it shows"
        )

    assert isinstance(known.problem, BrokerUnavailable)
    assert ids(known) == ["d-1"]


def test_one_letter_is_found_by_its_key_and_masked(queues, watch, die):
    die("d-1")
    die("d-2")
    listed = watch.known(SECONDS).overview.groups[0].letters
    reader = Reader(queues)

    found = until(lambda: reader.find(listed[1]["key"], SECONDS).value, "it is found")

    assert found.summary["delivery_id"] == "d-2"
    assert found.detail == "ValueError"
    assert "Ann" in found.body
    assert "Ann" not in found.masked_body
    assert "Ann" not in repr(found)
    missing = reader.find("0" * 16, SECONDS)
    assert missing.at is not None
    assert (missing.value, missing.problem) == (None, None)


def test_a_letter_that_left_is_not_found(queues, watch, die, amqp_url, topology):
    die("d-1")
    with queues.holding() as holding:
        (held,) = holding.letters()
        key = letter_key(held.letter)
        holding.remove([held.tag])
        holding.settle()
    reader = Reader(queues)

    seen = reader.find(key, SECONDS)

    assert seen.at is not None
    assert seen.value is None
