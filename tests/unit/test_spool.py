"""The spool: groups are committed, drained when the broker confirms, bounded."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from prometheus_client import CollectorRegistry, generate_latest
from structlog.testing import capture_logs

from broker.errors import Refused, TooLarge, TooLate
from ingest.circuit import Circuit
from ingest.spool import metrics, survey
from ingest.spool.errors import CannotSpool
from ingest.spool.writer import Writer
from tests.receiver import until
from tests.spooling import Outlets, a_message, a_spool, a_store


@pytest.fixture
def path(tmp_path):
    return tmp_path / "spool"


@pytest.fixture
def opened(path):
    """Open spools in one folder, which are closed after the test."""
    spools = []

    def begin(outlets, circuit=None, **bounds):
        spools.append(a_spool(path, outlets, circuit, **bounds))
        spools[-1].start()
        return spools[-1]

    yield begin
    for spool in spools:
        spool.close(5)


def numbers(messages):
    return [int(it.receipt.partition(".")[2]) for it in messages]


def is_empty(spool):
    return spool.level().events == 0 and spool.level().bytes == 0


def test_what_is_kept_waits_for_the_broker_and_leaves_in_order(opened, path):
    broker = Outlets(is_ready=False)
    spool = opened(broker)
    for number in range(10):
        spool.keep(a_message(number))

    assert numbers(survey.messages(path)) == list(range(10))
    assert broker.taken == []
    broker.is_up = True

    until(lambda: is_empty(spool), "it is drained")
    assert numbers(broker.taken) == list(range(10))
    assert broker.counted == 10
    assert [*path.iterdir()] == []


def test_many_threads_share_a_commit(opened):
    broker = Outlets(is_ready=False)
    spool = opened(broker)

    with ThreadPoolExecutor(32) as pool:
        list(pool.map(lambda it: spool.keep(a_message(it)), range(500)))

    assert spool.level().events == 500
    broker.is_up = True
    until(lambda: is_empty(spool), "it is drained")
    assert sorted(numbers(broker.taken)) == list(range(500))


def test_large_bodies_are_kept_too(opened):
    broker = Outlets(is_ready=False)
    spool = opened(broker)
    bodies = [bytes([it]) * (5 << 20) for it in range(4)]

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda it: spool.keep(a_message(1, it)), bodies))
    broker.is_up = True

    until(lambda: is_empty(spool), "it is drained")
    assert sorted(it.body[:1] for it in broker.taken) == [it[:1] for it in bodies]


def test_only_so_many_bytes_are_on_their_way_at_once(opened):
    broker = Outlets()
    broker.confirms.clear()
    spool = opened(broker)
    body = b"x" * (5 << 20)

    with ThreadPoolExecutor(3) as pool:
        list(pool.map(lambda it: spool.keep(a_message(it, body)), range(3)))
    until(lambda: broker.tried, "it is drained")

    assert len(broker.tried) == 1


def test_it_leaves_no_faster_than_it_may(opened):
    broker = Outlets(is_ready=False, rate=100.0)
    spool = opened(broker)
    for number in range(40):
        spool.keep(a_message(number))

    began = time.monotonic()
    broker.is_up = True
    until(lambda: is_empty(spool), "it is drained")

    assert 0.3 < time.monotonic() - began < 3
    assert numbers(broker.taken) == list(range(40))


def test_an_event_stays_until_it_is_confirmed(opened):
    broker = Outlets()
    broker.errors["delivery-2"] = [Refused("no"), Refused("no")]
    spool = opened(broker)

    for number in range(4):
        spool.keep(a_message(number))

    until(lambda: is_empty(spool), "it is drained")
    assert sorted(numbers(broker.taken)) == [0, 1, 2, 3]
    assert numbers(broker.tried).count(2) == 3


def test_an_event_that_can_never_be_sent_is_set_aside(opened, path):
    broker = Outlets()
    broker.errors["delivery-2"] = [TooLarge("for this broker")] * 9
    spool = opened(broker)

    for number in range(4):
        spool.keep(a_message(number))

    until(lambda: is_empty(spool), "the rest is drained")
    assert sorted(numbers(broker.taken)) == [0, 1, 3]
    assert broker.counted == 3
    assert spool.set_aside_files() == 1
    assert 2 in numbers(survey.messages(path, set_aside=True))


def test_an_open_circuit_lets_one_event_try(opened):
    broker, circuit = Outlets(is_ready=False), Circuit()
    broker.confirms.clear()
    spool = opened(broker, circuit)
    for number in range(20):
        spool.keep(a_message(number))
    circuit.trip()

    broker.is_up = True
    until(lambda: broker.silent, "one is tried")
    assert numbers(broker.tried) == [0]
    broker.confirms.set()
    message, confirm = broker.silent.pop()
    confirm.settle(TooLate("too late"))
    assert message == a_message(0)

    until(lambda: is_empty(spool), "it is drained")
    assert numbers(broker.taken) == list(range(20))
    assert not circuit.is_open


def test_a_late_confirm_while_draining_opens_the_circuit(opened):
    broker, circuit = Outlets(), Circuit()
    broker.errors["delivery-1"] = [TooLate("too late")]
    broker.confirms.clear()
    spool = opened(broker, circuit)

    spool.keep(a_message(1))
    until(lambda: broker.silent, "it is tried")
    broker.silent.pop()[1].settle(TooLate("too late"))
    until(lambda: circuit.is_open, "the circuit is open")
    broker.confirms.set()

    until(lambda: is_empty(spool), "it is drained")
    assert not circuit.is_open


def test_closing_does_not_wait_for_a_broker_that_does_not_confirm(opened, path):
    broker = Outlets()
    broker.confirms.clear()
    spool = opened(broker)
    spool.keep(a_message(1))
    until(lambda: broker.silent, "it is tried")

    began = time.monotonic()
    spool.close(5)

    assert time.monotonic() - began < 2
    assert numbers(survey.messages(path)) == [1]
    with pytest.raises(CannotSpool, match="closed"):
        spool.keep(a_message(2))
    assert not spool.is_ready()


def test_the_next_start_sends_what_the_last_one_left(opened, path):
    first = opened(Outlets(is_ready=False))
    for number in range(5):
        first.keep(a_message(number))
    first.close(5)
    broker = Outlets()

    second = opened(broker)

    until(lambda: len(broker.taken) == 5, "it is drained")
    until(lambda: is_empty(second), "its file is gone")
    assert numbers(broker.taken) == list(range(5))
    assert [*path.iterdir()] == []


def test_a_full_spool_refuses_and_takes_again_when_it_has_drained(opened):
    broker = Outlets(is_ready=False)
    spool = opened(broker, max_bytes=2000)
    spool.keep(a_message(1, b"x" * 1500))

    with pytest.raises(CannotSpool, match="full"):
        spool.keep(a_message(2, b"x" * 1500))

    assert not spool.is_ready()
    broker.is_up = True
    until(spool.is_ready, "there is room")
    spool.keep(a_message(3, b"x" * 1500))
    until(lambda: is_empty(spool), "it is drained")
    assert numbers(broker.taken) == [1, 3]


def test_one_that_has_no_room_does_not_take_the_group_along(opened):
    spool = opened(Outlets(is_ready=False), max_bytes=5000)

    def keep(number):
        try:
            spool.keep(a_message(number, b"x" * (9000 if number == 3 else 10)))
        except CannotSpool:
            return number
        return None

    with ThreadPoolExecutor(8) as pool:
        refused = [it for it in pool.map(keep, range(8)) if it is not None]

    assert refused == [3]
    assert spool.level().events == 7


def test_age_is_told_and_nothing_is_deleted_for_it(opened):
    spool = opened(Outlets(is_ready=False), max_age_seconds=60.0)
    assert spool.is_fresh()
    now = time.time_ns() // 1000

    spool.keep(a_message(1, received_at=now))
    assert spool.is_fresh()
    spool.keep(a_message(2, received_at=now - 120_000_000))
    spool.keep(a_message(3, received_at=now + 120_000_000))

    assert spool.level().events == 3
    assert spool.is_ready()


def test_an_old_event_is_an_alarm(opened):
    spool = opened(Outlets(is_ready=False), max_age_seconds=60.0)

    spool.keep(a_message(1, received_at=time.time_ns() // 1000 - 120_000_000))

    assert not spool.is_fresh()
    assert 119 < spool.oldest_seconds() < 180


def test_an_event_from_a_future_is_of_no_age(opened):
    spool = opened(Outlets(is_ready=False))

    spool.keep(a_message(1, received_at=time.time_ns() // 1000 + 3_600_000_000))

    assert spool.oldest_seconds() == 0


def test_metrics_show_how_full_it_is(opened):
    spool = opened(Outlets(is_ready=False))
    registry = CollectorRegistry()
    metrics.drained_counter(registry).inc(3)
    metrics.watch(spool, 1 << 30, registry)
    keep = metrics.counted(spool.keep, registry)
    keep(a_message())

    text = generate_latest(registry).decode()

    assert "forgewire_spool_events 1.0" in text
    assert f"forgewire_spool_bytes {float(spool.level().bytes)}" in text
    assert "forgewire_spool_max_bytes 1.073741824e+09" in text
    assert "forgewire_spool_ready 1.0" in text
    assert "forgewire_spool_set_aside_files 0.0" in text
    assert "forgewire_spool_drained_total 3.0" in text
    assert "forgewire_spooled_total 1.0" in text
    assert "forgewire_spool_oldest_seconds" in text


class SlowDisk:
    """A folder's path that is a pipe: whoever opens a file there waits."""

    def __init__(self, store):
        self.store = store
        self.free = threading.Event()

    def __getattr__(self, name):
        return getattr(self.store, name)

    def append(self, payloads, oldest):
        self.free.wait(10)
        self.store.append(payloads, oldest)


def test_a_disk_that_does_not_answer_holds_nobody_up_for_long(path):
    disk = SlowDisk(a_store(path))
    writer = Writer(disk, patience_seconds=0.1)
    writer.start()

    with pytest.raises(CannotSpool, match="does not answer"):
        writer.write(b"first", 1)
    began = time.monotonic()
    with pytest.raises(CannotSpool, match="does not answer"):
        writer.write(b"second", 2)

    assert time.monotonic() - began < 0.05
    assert disk.store.failure == "the disk does not answer"
    disk.free.set()
    until(lambda: disk.store.failure is None, "it is found to answer again")
    until(lambda: not writer._is_stuck, "it takes again")
    writer.write(b"third", 3)
    assert writer.close(5)
    disk.store.close()


def test_a_disk_that_is_stuck_does_not_hold_up_the_end(path):
    disk = SlowDisk(a_store(path))
    writer = Writer(disk, patience_seconds=0.1)
    writer.start()
    with pytest.raises(CannotSpool):
        writer.write(b"first", 1)

    assert not writer.close(0.1)

    disk.free.set()
    assert writer.close(5)
    disk.store.close()


def test_what_comes_after_the_end_is_refused(path):
    store = a_store(path)
    writer = Writer(store, patience_seconds=5)
    writer._waiting.put(None)

    with ThreadPoolExecutor(1) as pool:
        late = pool.submit(writer.write, b"late", 1)
        until(lambda: writer._waiting.qsize() > 1, "it waits behind the end")
        writer.start()

        assert isinstance(late.exception(5), CannotSpool)
    store.close()


@pytest.mark.parametrize(("kind", "warnings"), [("nfs4", 1), ("ext4", 0)])
def test_a_spool_on_another_machine_is_warned_of(opened, tmp_path, kind, warnings):
    mounts = tmp_path / "mounts"
    mounts.write_text(f"somewhere / {kind} rw 0 0\n")

    with capture_logs() as logs:
        opened(Outlets(), mounts=mounts)

    said = [it["event"] for it in logs]
    assert said.count("spool-on-network") == warnings


def test_a_spool_that_was_not_started_is_not_ready(path):
    spool = a_spool(path, Outlets())

    assert not spool.is_ready()
    assert not spool.is_fresh()


def test_a_failure_ends_by_itself(opened, path):
    path.write_text("in the way")
    spool = opened(Outlets(is_ready=False))
    assert not spool.is_ready()

    path.unlink()

    until(spool.is_ready, "it is found to work")
    spool.keep(a_message())
