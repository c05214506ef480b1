"""Erasing in a file that was set aside costs what is to go, and nothing else."""

import fcntl
import os
import tempfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.spool import erasing, records, survey
from ingest.spool.erasing import erase
from ingest.spool.errors import FileInUse
from tests.spooling import a_message, disk_limit

HEADER = records.new_header()
SALT = records.salt_of(HEADER)
#: What is to be erased, and is looked for in the raw bytes.
SECRET = b"ada@harbour.example"
OURS = st.builds(a_message, st.integers(0, 99), st.just(SECRET))
OTHERS = st.builds(a_message, st.integers(100, 199), st.binary(max_size=50))
#: A torn record, garbage, and a record of another version.
DAMAGE = st.sampled_from([b"\0", records.MARK * 3, records.framed(b"{}", SALT)])


def is_ours(message):
    return message.body == SECRET


def record(message):
    return records.framed(records.payload(message), SALT)


def written(path, parts):
    """Write messages, and bytes in between that say nothing."""
    found = [it if isinstance(it, bytes) else record(it) for it in parts]
    path.write_bytes(HEADER + b"".join(found))


@pytest.fixture
def path(tmp_path):
    return tmp_path / "1.set-aside"


@given(st.lists(OURS | OTHERS | DAMAGE, max_size=8), st.booleans())
def test_only_what_is_to_go_is_gone(parts, unreadable):
    others = tuple(it for it in parts if not isinstance(it, bytes) and not is_ours(it))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "1.set-aside")
        written(path, parts)
        before = survey.content(path)

        erase(path, is_ours, unreadable=unreadable)

        left = 0 if unreadable else before.unreadable
        assert [*Path(folder).iterdir()] == ([path] if others or left else [])
        if path.exists():
            assert survey.content(path) == survey.Content(others, left)
            assert SECRET not in path.read_bytes()


def test_the_rest_of_the_file_stays_where_it_is(path):
    parts = [a_message(1), a_message(2, SECRET), b"damage", a_message(3)]
    written(path, parts)
    before = path.read_bytes()

    erase(path, is_ours, unreadable=False)

    after = path.read_bytes()
    at = before.index(record(parts[1]))
    end = at + len(record(parts[1]))
    assert len(after) == len(before)
    assert (after[:at], after[end:]) == (before[:at], before[end:])


def test_a_receiver_drains_what_is_left_when_it_is_tried_again(path):
    written(path, [a_message(1), a_message(2, SECRET), a_message(3)])

    erase(path, is_ours, unreadable=False)

    scan = records.scan(path.read_bytes()[records.HEADER_BYTES :], SALT)
    assert scan == records.Scan((a_message(1), a_message(3)), is_whole=True)


def test_who_may_read_the_file_stays_the_same(path):
    written(path, [a_message(1), a_message(2, SECRET)])
    path.chmod(0o600)
    if os.geteuid() == 0:
        os.chown(path, 12_345, 12_345)
    before = path.stat()

    erase(path, is_ours, unreadable=False)

    after = path.stat()
    assert after.st_ino != before.st_ino
    assert (after.st_mode, after.st_uid, after.st_gid) == (
        before.st_mode,
        before.st_uid,
        before.st_gid,
    )


def test_what_a_killed_command_left_is_removed(path):
    written(path, [a_message(1), a_message(2, SECRET)])
    path.with_suffix(".new").write_bytes(SECRET)

    erase(path, is_ours, unreadable=False)

    assert [*path.parent.iterdir()] == [path]
    assert SECRET not in path.read_bytes()


def test_a_disk_that_is_full_leaves_the_file_as_it_was(path):
    written(path, [a_message(1), a_message(2, SECRET)])
    before = path.read_bytes()

    with disk_limit(100), pytest.raises(OSError, match="File too large"):
        erase(path, is_ours, unreadable=False)

    assert path.read_bytes() == before
    assert [*path.parent.iterdir()] == [path]


def test_a_file_that_somebody_else_has_is_left_alone(path):
    written(path, [a_message(1, SECRET)])

    with path.open() as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        with pytest.raises(FileInUse):
            erase(path, is_ours, unreadable=True)

    assert SECRET in path.read_bytes()


def test_a_file_that_was_written_anew_before_it_was_locked_is_left_alone(path):
    written(path, [a_message(1, SECRET)])
    with path.open() as old:
        path.rename(path.with_name("old"))
        written(path, [a_message(1)])

        with pytest.raises(FileInUse):
            erasing._lock(old.fileno(), path)


def test_a_link_to_another_file_is_not_followed(path):
    target = path.with_name("precious")
    written(target, [a_message(1, SECRET)])
    path.symlink_to(target)

    with pytest.raises(OSError, match="symbolic links"):
        erase(path, is_ours, unreadable=True)

    assert SECRET in target.read_bytes()


@pytest.mark.parametrize("content", [b"garbage", b"forgewire-spool 2\nsalt"])
def test_what_is_no_file_of_ours_goes_only_on_request(path, content):
    path.write_bytes(content)

    erase(path, is_ours, unreadable=False)
    assert path.read_bytes() == content
    erase(path, is_ours, unreadable=True)

    assert not path.exists()
