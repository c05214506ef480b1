"""Show that one stack at a time uses a folder."""

import os
import time

import pytest

from cli.local import lock
from cli.local.process import CannotRun


@pytest.fixture
def file(tmp_path):
    return tmp_path / "lock"


def test_a_lock_is_free_again_after_its_block(file):
    with lock.held(file, pause=time.sleep):
        pass

    with lock.held(file, pause=time.sleep):
        holder = file.read_text()

    assert holder == str(os.getpid())


def test_a_second_stack_is_told_who_the_first_one_is(file):
    with (
        lock.held(file, pause=time.sleep),
        pytest.raises(CannotRun, match=f"another stack runs in .*{os.getpid()}"),
        lock.held(file, pause=time.sleep),
    ):
        pass


def test_what_a_killed_stack_left_running_is_waited_for(file):
    with lock.held(file, pause=time.sleep):
        file.write_text("999999999")

        with (
            pytest.raises(CannotRun, match="servers of an earlier stack still run"),
            lock.held(file, pause=time.sleep, seconds=0),
        ):
            pass
