"""Wait for spool and queue: for all that stood there, and not for what came later."""

from contextlib import closing
from datetime import UTC, datetime, timedelta

import pytest

from broker.browser import Browser
from cli.spooled import Search
from cli.waiting import QueueWatch, UnderWay, Watch, wait
from ingest.spool import records
from state.ledger import Ledger, Row
from tests.rabbit import a_message, consuming, until
from tests.spooling import a_store, keep


@pytest.fixture
def ledger(database):
    return Ledger(database)


@pytest.fixture
def queue(amqp_url, topology, ledger):
    """A watch over the queue of this test."""
    with closing(Browser(amqp_url, topology, name="test")) as browser:
        yield QueueWatch(browser, topology.events, ledger, in_hand_seconds=0.5)


@pytest.fixture
def search(tmp_path):
    """A search for events that tell `ada`."""
    return Search(tmp_path, lambda message: b"ada" in message.body)


def row(message, received_at=None):
    day = datetime(2026, 1, 1, tzinfo=UTC)
    told = ("gitlab", message.delivery_id, message.receipt, message.event, "applied")
    return Row(*told, received_at or day, day)


def test_a_queue_that_is_empty_and_has_no_worker_is_through(queue):
    assert queue.look().is_over


def test_what_stands_in_the_queue_is_waited_for(queue, publisher):
    publisher.submit(a_message()).result(5)

    assert queue.look() == UnderWay(queued=1)
    assert wait(queue.look, 0.3) == UnderWay(queued=1)


def test_a_worker_is_left_some_time_for_what_it_took(
    queue, publisher, amqp_url, topology
):
    publisher.submit(a_message()).result(5)
    queue.look()

    with consuming(amqp_url, topology) as consumer:
        until(lambda: not queue.look().queued)
        assert queue.look() == UnderWay(is_in_hand=True)
        assert wait(queue.look, 10).is_over
        queue.restart()
        assert queue.look().is_in_hand
        assert len(consumer.take(10, 1)) == 1


def test_what_came_later_is_not_waited_for(queue, publisher, ledger):
    message = a_message()
    publisher.submit(message).result(5)
    now = datetime.now(UTC)
    assert queue.look().queued

    ledger.write([row(message, now)])
    assert queue.look().queued
    ledger.write([row(a_message("5f0d"), now + timedelta(seconds=10))])
    assert queue.look().is_over
    queue.restart()
    ledger.write([row(a_message("5f0e"), now + timedelta(seconds=1))])

    assert queue.look().is_over


def test_an_event_is_followed_from_the_spool_into_the_ledger(
    queue, ledger, search, tmp_path
):
    ours, other = a_message("5f0c", body=b"ada"), a_message("5f0d", body=b"bo")
    store = a_store(tmp_path)
    keep(store, ours, other)
    watch = Watch(search, queue, ledger)

    (file,) = watch.look().files
    assert [it.delivery_id for it in file.events] == ["5f0c"]
    assert not file.is_orphan
    store.close()
    assert file.is_orphan
    file.path.unlink()
    assert not file.is_orphan
    assert watch.look() == UnderWay(sent=1)
    ledger.write([row(a_message("5f0c", receipt="another.1"))])
    assert watch.look() == UnderWay(sent=1)
    ledger.write([row(ours)])

    assert watch.look().is_over


def test_what_was_just_sent_may_be_in_hand_though_the_queue_was_empty_before(
    queue, ledger, search, tmp_path, amqp_url, topology
):
    store = a_store(tmp_path)
    keep(store, a_message(body=b"ada"))
    watch = Watch(search, queue, ledger)

    with consuming(amqp_url, topology):
        until(lambda: not queue.look().is_over)
        assert wait(watch.look, 1).files
        ledger.write([row(a_message())])
        (path,) = tmp_path.iterdir()
        path.unlink()

        assert watch.look() == UnderWay(is_in_hand=True)
        assert wait(watch.look, 10).is_over
    store.close()


def test_an_event_that_is_set_aside_is_not_on_its_way(queue, ledger, search, tmp_path):
    store = a_store(tmp_path)
    keep(store, a_message(body=b"ada"))
    watch = Watch(search, queue, ledger)
    watch.look()

    (path,) = tmp_path.iterdir()
    path.rename(path.with_suffix(".set-aside"))

    assert watch.look().is_over
    store.close()


def test_a_file_that_grew_is_looked_into_again(search, tmp_path):
    store = a_store(tmp_path)
    keep(store, a_message(body=b"bo"))
    assert search.look(set_aside=False) == []

    keep(store, a_message(body=b"ada"))

    assert len(search.look(set_aside=False)) == 1
    store.close()


def test_a_file_is_read_once(tmp_path):
    seen = []
    search = Search(tmp_path, lambda message: seen.append(message) or True)
    store = a_store(tmp_path)
    keep(store, a_message())

    assert search.look(set_aside=False) == search.look(set_aside=False)

    assert len(seen) == 1
    store.close()


def test_what_cannot_be_read_is_waited_for_as_well(queue, ledger, search, tmp_path):
    (tmp_path / "1.spool").write_bytes(records.new_header() + b"torn")

    (file,) = Watch(search, queue, ledger).look().files

    assert (file.events, file.unreadable) == ((), 4)
