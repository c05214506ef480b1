"""The store: whatever is appended, drained and crashed, order and content stay."""

import os
import stat
import tempfile
from pathlib import Path

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from ingest.spool import records, survey
from ingest.spool import segment as segment_module
from ingest.spool.errors import CannotSpool
from ingest.spool.folder import Folder, is_remote
from tests.spooling import a_message, a_store, disk_limit, keep


@pytest.fixture
def path(tmp_path):
    return tmp_path / "var" / "spool"


def files(path, suffix=".spool"):
    return sorted(path.glob(f"*{suffix}"))


def drained(store):
    """Confirm all that is in a store, and return it."""
    found = []
    while (segment := store.oldest()) is not None:
        while messages := segment.read():
            found += messages
            store.settle(segment, messages)
        assert store.finish(segment)
    return found


def numbers(messages):
    return [int(it.receipt.partition(".")[2]) for it in messages]


class Histories(RuleBasedStateMachine):
    """Two receivers that append, drain and crash in one folder."""

    def __init__(self):
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.path = Path(self.folder.name) / "spool"
        self.stores = {}
        self.count = 0
        #: What was answered 2xx, and what was confirmed.
        self.kept, self.sent = [], []

    @initialize()
    def begin(self):
        self.stores = {name: self.new(name) for name in "ab"}

    def new(self, name):
        return a_store(self.path, name=f"{name}{self.count}", segment_bytes=600)

    @rule(name=st.sampled_from("ab"), sizes=st.lists(st.integers(0, 300), min_size=1))
    def append(self, name, sizes):
        messages = [
            a_message(self.count + it, b"x" * size) for it, size in enumerate(sizes)
        ]
        self.count += len(messages)
        keep(self.stores[name], *messages)
        self.kept += messages

    @rule(name=st.sampled_from("ab"))
    def adopt(self, name):
        self.stores[name].adopt()

    @rule(name=st.sampled_from("ab"))
    def drain_a_file(self, name):
        store = self.stores[name]
        segment = store.oldest()
        if segment is None:
            return
        messages = segment.read()
        if messages:
            store.settle(segment, messages)
            self.sent += messages
        assert store.finish(segment)

    @rule(name=st.sampled_from("ab"), tail=st.binary(max_size=30))
    def crash(self, name, tail):
        # Closing lets go of the files as they are, as the kernel does.
        store = self.stores[name]
        torn = store._active
        store.close()
        if torn is not None and tail:
            with torn.path.open("ab") as file:
                file.write(tail)
        self.count += 1
        self.stores[name] = self.new(name)

    @rule(name=st.sampled_from("ab"), is_confirmed=st.booleans())
    def crash_while_draining(self, name, is_confirmed):
        # Between a confirm and the removal of the file, or before any confirm.
        segment = self.stores[name].oldest()
        if segment is not None:
            messages = segment.read()
            self.sent += messages if is_confirmed else ()
        self.crash(name, b"")

    @invariant()
    def nothing_is_lost(self):
        there = set(survey.messages(self.path)) if self.path.exists() else set()
        assert set(self.kept) <= there | set(self.sent)
        assert there <= set(self.kept)

    def teardown(self):
        if self.stores:
            self.crash("b", b"")
            last = self.stores["a"]
            last.adopt()
            before = len(self.sent)
            self.sent += drained(last)
            assert {it.receipt for it in self.sent} == {it.receipt for it in self.kept}
            assert len(set(self.sent[before:])) == len(self.sent[before:])
            assert files(self.path) == []
            assert last.level().events == last.level().bytes == 0
            for store in self.stores.values():
                store.close()
        self.folder.cleanup()


Histories.TestCase.settings = settings(max_examples=60, stateful_step_count=20)
TestHistories = Histories.TestCase


def test_what_was_kept_first_is_drained_first(path):
    store = a_store(path, segment_bytes=500)
    for number in range(20):
        keep(store, a_message(number))

    assert len(files(path)) > 3
    assert numbers(drained(store)) == list(range(20))
    assert files(path) == []
    store.close()


def test_a_clock_that_is_put_back_changes_no_order(path):
    times = iter(range(9_000_000, 0, -1_000_000))
    store = a_store(path, segment_bytes=1, clock=lambda: next(times))

    for number in range(5):
        keep(store, a_message(number))

    store.close()
    heir = a_store(path, name="b")
    heir.adopt()
    assert numbers(drained(heir)) == list(range(5))
    heir.close()


def test_nobody_else_can_look_into_it(path):
    store = a_store(path)

    keep(store, a_message())

    assert stat.S_IMODE(path.stat().st_mode) == 0o700
    assert [stat.S_IMODE(it.stat().st_mode) for it in files(path)] == [0o600]
    store.close()


def test_files_of_a_living_receiver_are_not_adopted(path):
    living, other = a_store(path, name="a"), a_store(path, name="b")
    keep(living, a_message())

    other.adopt()

    assert other.oldest() is None
    assert other.level().bytes == living.level().bytes
    living.close()
    other.adopt()
    assert numbers(drained(other)) == [1]
    other.close()


def test_adopted_files_are_drained_before_newer_ones(path):
    first, second = a_store(path, name="z"), a_store(path, name="a")
    keep(first, a_message(1), a_message(2))
    keep(second, a_message(3))
    first.close()

    second.adopt()

    assert second.level().events == 3
    assert numbers(drained(second)) == [1, 2, 3]
    second.close()


@pytest.mark.parametrize("is_replaced", [True, False])
def test_a_file_that_went_between_finding_and_locking_is_let_go(path, is_replaced):
    path.mkdir(parents=True)
    file = path / "1-a.spool"
    descriptor = os.open(file, os.O_RDWR | os.O_CREAT)
    file.rename(path / "drained")
    if is_replaced:
        file.touch()

    assert not segment_module._is_locked(descriptor, file)

    os.close(descriptor)


def test_how_full_it_is_is_told(path):
    store = a_store(path)
    keep(store, a_message(7), a_message(8))
    keep(store, a_message(9))

    level = store.level()

    assert level.events == 3
    assert level.bytes == files(path)[0].stat().st_size
    assert level.oldest == a_message(7).received_at
    store.settle(store.oldest(), store.oldest().read()[:2])
    assert store.level().events == 1
    assert store.level().oldest == a_message(8).received_at
    store.close()


def test_a_file_that_is_appended_to_again_stays(path):
    store = a_store(path)
    keep(store, a_message(1))
    segment = store.oldest()
    store.settle(segment, segment.read())
    keep(store, a_message(2))

    assert not store.finish(segment)

    assert numbers(drained(store)) == [2]
    store.close()


@pytest.mark.parametrize(
    "tail", [b"\x93", records.MARK + b"\0\0\1\0rubbish", b"\0" * 99]
)
def test_a_torn_file_is_drained_and_set_aside(path, tail):
    store = a_store(path, name="a")
    keep(store, a_message(1), a_message(2))
    store.close()
    with files(path)[0].open("ab") as file:
        file.write(tail)
    heir = a_store(path, name="b")

    heir.adopt()

    assert numbers(drained(heir)) == [1, 2]
    assert files(path) == []
    assert len(files(path, ".set-aside")) == heir._folder.set_aside_files() == 1
    assert [*survey.messages(path, set_aside=True)] == [a_message(1), a_message(2)]
    heir.close()


def test_a_file_that_is_cut_in_the_middle_of_a_record_gives_what_is_whole(path):
    store = a_store(path, name="a")
    keep(store, a_message(1), a_message(2))
    store.close()
    os.truncate(files(path)[0], files(path)[0].stat().st_size - 5)
    heir = a_store(path, name="b")

    heir.adopt()

    assert numbers(drained(heir)) == [1]
    assert len(files(path, ".set-aside")) == 1
    heir.close()


@pytest.mark.parametrize(
    "content",
    [b"", b"garbage" * 1000, b"forgewire-spool 2\nsalt and more"],
    ids=["empty", "garbage", "another version"],
)
def test_what_is_no_file_of_ours_is_set_aside_untouched(path, content):
    path.mkdir(parents=True)
    (path / "00000000000000000001-a.spool").write_bytes(content)
    store = a_store(path)
    keep(store, a_message(1))

    store.adopt()

    assert (path / "00000000000000000001-a.set-aside").read_bytes() == content
    assert numbers(drained(store)) == [1]
    assert [*survey.messages(path, set_aside=True)] == []
    assert [*survey.messages(path)] == []
    store.close()


def test_what_is_no_plain_file_is_left_where_it_is(path):
    path.mkdir(parents=True)
    (path / "1-a.spool").symlink_to("/etc/hostname")
    (path / "2-a.spool").mkdir()
    store = a_store(path)

    store.adopt()
    store.adopt()

    assert store.oldest() is None
    assert {it.name for it in path.iterdir()} == {"1-a.spool", "2-a.spool"}


def test_beyond_its_bound_nothing_is_admitted(path):
    payload = records.payload(a_message())
    size = records.record_bytes(payload)
    store = a_store(path, max_bytes=records.HEADER_BYTES + 2 * size)
    keep(store, a_message(1))

    assert not store.is_full
    assert store.admit(payload, 0) == size
    with pytest.raises(CannotSpool, match="FORGEWIRE_SPOOL_MAX_BYTES"):
        store.admit(payload, size)
    assert store.is_full
    store.admit(records.payload(a_message(body=b"")), 0)
    assert not store.is_full
    with pytest.raises(CannotSpool):
        store.admit(payload, size)
    drained(store)
    assert not store.is_full
    store.close()


def test_a_disk_that_is_full_keeps_nothing_of_a_group(path):
    store = a_store(path)
    keep(store, a_message(1))
    size = store.level().bytes

    with disk_limit(size + 100), pytest.raises(CannotSpool, match="File too large"):
        keep(store, a_message(2), a_message(3, b"x" * 1000))

    assert store.failure == "File too large"
    assert files(path)[0].stat().st_size == size
    keep(store, a_message(4))
    assert store.failure is None
    assert numbers(drained(store)) == [1, 4]
    store.close()


def test_a_disk_that_takes_nothing_leaves_no_file(path):
    store = a_store(path)
    path.mkdir(parents=True)

    for limit in (0, 10, 40):
        with disk_limit(limit), pytest.raises(CannotSpool):
            keep(store, a_message(1))

    assert [*path.iterdir()] == []
    assert store.oldest() is None
    store.close()


def test_a_probe_tells_whether_the_disk_takes_anything(path):
    store = a_store(path)

    store.probe()
    assert store.failure is None
    with disk_limit(100):
        store.probe()
    assert store.failure == "File too large"
    store.probe()

    assert store.failure is None
    assert [*path.iterdir()] == []


def test_a_folder_that_cannot_be_made_is_a_failure_until_it_can(tmp_path):
    (tmp_path / "var").write_text("a file")
    store = a_store(tmp_path / "var" / "spool")

    store.probe()
    with pytest.raises(CannotSpool):
        keep(store, a_message())
    assert store.failure is not None
    (tmp_path / "var").unlink()
    keep(store, a_message())

    assert store.failure is None
    store.close()


def test_a_file_that_cannot_be_removed_is_removed_later(path):
    store = a_store(path)
    keep(store, a_message(1))
    segment = store.oldest()
    away = path.with_name("away")
    path.rename(away)

    store.settle(segment, segment.read())
    assert store.finish(segment)
    assert store.oldest() is None
    away.rename(path)
    store.adopt()

    assert files(path) == []
    assert store.level().bytes == 0
    store.close()


def test_a_file_that_cannot_be_read_is_set_aside(path):
    store = a_store(path, name="a")
    keep(store, a_message(1))
    segment = store.oldest()
    broken = os.open(path, os.O_RDONLY)
    os.dup2(broken, segment._descriptor)
    os.close(broken)

    assert segment.read() == ()
    assert store.finish(segment)

    assert len(files(path, ".set-aside")) == 1
    store.close()


def test_what_a_killed_receiver_left_half_made_is_swept(path):
    path.mkdir(parents=True)
    old, new, probe = path / "1-a.new", path / "2-a.new", path / "a.probe"
    for it in (old, new, probe):
        it.touch()
    for it in (old, probe):
        os.utime(it, (1, 1))

    Folder(path, "b").sweep()

    assert [*path.iterdir()] == [new]


MOUNTS = """\
/dev/sda1 / ext4 rw 0 0
server:/export /srv/shared nfs4 rw 0 0
/dev/sdb1 /srv/shared/fast xfs rw 0 0
//server/share /srv/share cifs rw 0 0
"""


@pytest.mark.parametrize(
    ("folder", "is_far"),
    [
        ("/var/spool", False),
        ("/srv/shared/spool", True),
        ("/srv/shared", True),
        ("/srv/shared/fast/spool", False),
        ("/srv/share/spool", True),
        ("/srv/sharedness", False),
    ],
)
def test_a_disk_of_another_machine_is_known(folder, is_far):
    assert is_remote(Path(folder), MOUNTS) == is_far


def test_only_so_many_files_are_adopted_at_once(path):
    store = a_store(path, name="a", segment_bytes=1)
    for number in range(4):
        keep(store, a_message(number))
    store.close()

    found = [*Folder(path, "b").orphans((), 3)]

    assert numbers(it for segment in found for it in segment.read()) == [0, 1, 2]
    for segment in found:
        segment.close()
