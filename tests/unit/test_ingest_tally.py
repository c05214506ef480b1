"""The tally has what is durable, and no disk keeps the receiver from receiving."""

import errno
import os
import stat
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from structlog.testing import capture_logs

from ingest.spool import survey
from ingest.spool.errors import CannotSpool
from ingest.tally import CHUNK, MAGIC, Tally, read, sweep
from ingest.tallying import Tallied
from tests.rabbit import until
from tests.spooling import a_message, a_store, keep

START = "3f9c2a71"
NAME = f"{START}.tally"
#: 22 November 2026, noon, in microseconds; and its day.
NOON = 1_795_348_800_000_000
DAY = 20_779


@pytest.fixture
def tally(tmp_path):
    begun = Tally(tmp_path)
    begun.begin(START)
    return begun


def tallied(tally, make_durable=lambda _: "queued", **options):
    return Tallied(make_durable, tally, **options)


def marked(folder, start=START):
    return {number: day for number, day in enumerate(read(folder)[start]) if day}


def full(*_):
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


class Disk:
    """Writes for a tally until it is full."""

    def __init__(self):
        self.is_full = False
        self.asked = 0

    def write(self, descriptor, data, at):
        self.asked += 1
        return full() if self.is_full else os.pwrite(descriptor, data, at)


class Hanging:
    """A disk that does not answer until it is told to."""

    def __init__(self):
        self.go = threading.Event()
        self.go.set()

    def write(self, descriptor, data, at):
        if not self.go.is_set():
            self.go.wait(20)
        return os.pwrite(descriptor, data, at)


def test_the_day_of_this_test_is_counted_from_1970():
    noon = datetime.fromtimestamp(NOON / 1_000_000, UTC)

    assert noon == datetime(2026, 11, 22, 12, tzinfo=UTC)
    assert (noon - datetime(1970, 1, 1, tzinfo=UTC)).days == DAY


def test_what_is_marked_is_read_with_its_day(tally, tmp_path):
    tally.mark(1, NOON)
    tally.mark(3, NOON + 86_400_000_000)

    assert marked(tmp_path) == {1: DAY, 3: DAY + 1}


@given(st.sets(st.integers(1, 3 * CHUNK), max_size=30), st.integers(1, 65_535))
def test_all_that_is_marked_is_read_and_nothing_else(tmp_path_factory, numbers, day):
    folder = tmp_path_factory.mktemp("tally")
    tally = Tally(folder)
    tally.begin(START)

    for number in numbers:
        tally.mark(number, day * 86_400_000_000)

    assert marked(folder) == dict.fromkeys(numbers, day)


@pytest.mark.parametrize(("received_at", "day"), [(-1, 1), (0, 1), (1 << 63, 65_535)])
def test_a_clock_that_is_far_off_marks_all_the_same(tally, tmp_path, received_at, day):
    tally.mark(1, received_at)

    assert marked(tmp_path) == {1: day}


def test_nobody_else_may_read_it(tally, tmp_path):
    assert stat.S_IMODE((tmp_path / NAME).stat().st_mode) == 0o600


def test_room_is_taken_ahead_of_the_numbers(tally, tmp_path):
    sizes = []
    for number in (1, CHUNK // 2, CHUNK + CHUNK // 2):
        tally.mark(number, NOON)
        sizes.append((tmp_path / NAME).stat().st_size)

    assert sizes == [len(MAGIC) + 2 * CHUNK * chunks for chunks in (1, 2, 3)]
    assert sorted(marked(tmp_path)) == [1, CHUNK // 2, CHUNK + CHUNK // 2]


def test_room_that_cannot_be_taken_ahead_is_looked_for_when_it_is_needed(tmp_path):
    tally = Tally(tmp_path, reserve=full)
    tally.begin(START)

    tally.mark(CHUNK // 2, NOON)

    assert marked(tmp_path) == {CHUNK // 2: DAY}


def test_many_threads_mark_side_by_side(tmp_path):
    counted = tallied(Tally(tmp_path))
    messages = [a_message(number) for number in range(1, 4001)]

    with ThreadPoolExecutor(64) as pool:
        places = list(pool.map(counted.make_durable, messages))

    assert places == ["queued"] * 4000
    assert sorted(marked(tmp_path)) == [*range(1, 4001)]


@pytest.mark.parametrize("cut", [1, 2, 3])
def test_a_torn_file_is_read_as_far_as_it_goes(tally, tmp_path, cut):
    for number in (1, 2, 3):
        tally.mark(number, NOON)

    os.truncate(tmp_path / NAME, len(MAGIC) + 2 * 4 - cut)

    assert marked(tmp_path).items() >= {1: DAY}.items()
    assert marked(tmp_path).get(3) != DAY


def test_a_day_whose_second_byte_is_zero_is_read(tally, tmp_path):
    for day in (0x0100, 0x0001):
        tally.mark(2, day * 86_400_000_000)

        assert marked(tmp_path) == {2: day}


@pytest.mark.parametrize("content", [b"", MAGIC[:-1], b"forgewire-tally2\0\0\1\1"])
def test_what_is_not_ours_is_left_out(tmp_path, content):
    (tmp_path / NAME).write_bytes(content)

    assert read(tmp_path) == {}


def test_what_is_closed_to_us_is_left_out(tmp_path, tally):
    # A file that even root cannot read from its beginning.
    (tmp_path / "00000000.tally").symlink_to("/proc/self/mem")

    assert read(tmp_path).keys() == {START}
    assert read(tmp_path / "nowhere") == {}


def test_a_number_is_marked_when_it_is_durable_and_not_before(tmp_path):
    seen = []

    def make_durable(message):
        seen.append(marked(tmp_path))
        if message.receipt.endswith(".2"):
            raise CannotSpool("the spool is full")
        return "spooled"

    counted = tallied(Tally(tmp_path), make_durable)

    assert counted.make_durable(a_message(1, received_at=NOON)) == "spooled"
    with pytest.raises(CannotSpool):
        counted.make_durable(a_message(2))
    assert seen == [{}, {1: DAY}]
    assert marked(tmp_path) == {1: DAY}


@pytest.mark.parametrize("number", [0, 3])
def test_a_full_disk_ends_the_tally_once_and_not_the_receiving(tmp_path, number):
    disk = Disk()
    counted = tallied(Tally(tmp_path, write=disk.write))

    with capture_logs() as logs:
        for number_now in range(6):
            disk.is_full = number_now >= number
            assert counted.make_durable(a_message(1 + number_now)) == "queued"
        asked = disk.asked
        disk.is_full = False
        counted.make_durable(a_message(9))

    assert disk.asked == asked
    assert [*tmp_path.iterdir()] == []
    (line,) = logs
    assert (line["log_level"], line["event"]) == ("warning", "tally-given-up")
    assert line["why"] == "No space left on device"


def test_a_folder_that_is_not_there_ends_the_tally(tmp_path):
    with capture_logs() as logs:
        counted = tallied(Tally(tmp_path / "nowhere"))
        assert counted.make_durable(a_message(1)) == "queued"

    assert [line["event"] for line in logs] == ["tally-given-up"]


@pytest.mark.parametrize("is_begun", [True, False])
def test_a_disk_that_hangs_holds_few_and_for_a_short_time(tmp_path, is_begun):
    disk = Hanging()
    counted = tallied(
        Tally(tmp_path, write=disk.write), max_held=2, patience_seconds=0.2
    )
    if is_begun:
        counted.make_durable(a_message(1))
    disk.go.clear()

    with capture_logs() as logs, ThreadPoolExecutor(6) as pool:
        held = [pool.submit(counted.make_durable, a_message(it)) for it in (2, 3)]
        until(counted._permits.empty)
        began = time.monotonic()
        waiting = [pool.submit(counted.make_durable, a_message(it)) for it in range(4)]
        assert [it.result(10) for it in waiting] == ["queued"] * 4
        waited = time.monotonic() - began
        assert counted.make_durable(a_message(9)) == "queued"
        assert not any(it.done() for it in held)
        disk.go.set()
        assert [it.result(10) for it in held] == ["queued"] * 2

    assert 0.1 < waited < 3
    assert [*tmp_path.iterdir()] == []
    assert [line["why"] for line in logs] == ["the disk does not answer"]


def test_an_old_tally_goes_with_its_receiver(tmp_path):
    Tally(tmp_path).begin("living00")
    for name in ("ancient0", "youngish"):
        (tmp_path / f"{name}.tally").write_bytes(MAGIC)
    (tmp_path / "1-a.spool").touch()
    for name, age in (
        ("living00.tally", 31),
        ("ancient0.tally", 31),
        ("1-a.spool", 31),
    ):
        then = time.time() - age * 86_400
        os.utime(tmp_path / name, (then, then))

    sweep(tmp_path, days=30)
    sweep(tmp_path / "nowhere", days=30)

    left = {it.name for it in tmp_path.iterdir()}
    assert left == {"living00.tally", "youngish.tally", "1-a.spool"}


def test_the_spool_takes_no_tally_for_its_own(tmp_path):
    Tally(tmp_path).begin(START)
    store = a_store(tmp_path, max_bytes=1 << 10)
    keep(store, a_message(1))

    store.adopt()

    assert store.level().events == 1
    assert store.level().bytes < 1 << 10
    assert [it.receipt for it in survey.messages(tmp_path)] == [f"{START}.1"]
    assert (tmp_path / NAME).exists()
