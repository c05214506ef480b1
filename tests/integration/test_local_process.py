"""Show that children start apart, and that nothing of them remains."""

import os
import signal
import sys
from pathlib import Path

import pytest

from cli.local import family
from cli.local.process import CannotRun, Child, fresh_log, wait_ready, wait_until

#: A shell that has a child in a session of its own, and says so when both are there.
FAMILY = "setsid sleep 600 & echo ready; wait"
STUBBORN = "trap '' TERM; sleep 600 & echo ready; wait; wait"


@pytest.fixture
def shell(tmp_path):
    """Start a shell with a script, and return once it said that it is ready."""
    started = []

    def start(script, **options):
        log = tmp_path / f"{len(started)}.log"
        command = ["/bin/sh", "-c", script]
        started.append(Child("shell", command, env=ENVIRONMENT, log=log, **options))
        assert wait_until(lambda: b"ready" in log.read_bytes(), seconds=10)
        return started[-1]

    yield start
    for child in started:
        child.stop(0)


ENVIRONMENT = {"PATH": os.environ["PATH"]}


def test_a_child_is_apart_from_our_session(shell):
    child = shell("echo ready; exec sleep 600")

    assert os.getsid(child.pid) == child.pid != os.getsid(0)
    assert child.exit_code is None


def test_stopping_a_child_stops_those_that_left_its_session(shell):
    child = shell(FAMILY)
    relatives = family.members(child.pid)

    child.stop(5)

    assert len(relatives) == 2
    assert wait_until(lambda: not family.remaining(relatives), seconds=5)
    assert child.exit_code == -signal.SIGTERM


def test_a_child_that_does_not_listen_is_killed(shell):
    child = shell(STUBBORN)
    relatives = family.members(child.pid)

    child.stop(0.1)

    assert child.exit_code == -signal.SIGKILL
    # A killed process is gone soon, not at once.
    assert wait_until(lambda: not family.remaining(relatives), seconds=5)


def test_what_a_crashed_child_left_behind_is_stopped_too(shell):
    child = shell("sleep 600 & echo ready; sleep 0.1; exit 9")
    wait_until(lambda: child.exit_code is not None, seconds=10)
    relatives = family.members(child.pid)

    child.stop(5)

    assert child.exit_code == 9
    assert len(relatives) == 1
    assert wait_until(lambda: not family.remaining(relatives), seconds=5)


def test_a_kill_takes_the_whole_family(shell):
    child = shell(FAMILY)
    relatives = family.members(child.pid)

    child.kill()

    assert wait_until(lambda: not family.remaining(relatives), seconds=5)


def test_a_child_can_keep_a_descriptor_open(shell, tmp_path):
    with (tmp_path / "shared").open("w") as shared:
        child = shell("echo ready; exec sleep 600", inherit=(shared.fileno(),))

    held = [link.readlink() for link in Path(f"/proc/{child.pid}/fd").iterdir()]

    assert tmp_path / "shared" in held


def test_a_child_that_dies_before_it_is_ready_is_an_error(shell):
    child = shell("echo ready; exit 4")

    with pytest.raises(CannotRun, match=r"ended with exit code 4; its log .*\n +ready"):
        wait_ready(child, lambda: False, seconds=10)


def test_a_child_that_is_not_ready_in_time_is_an_error(shell):
    child = shell("echo ready; exec sleep 600")

    with pytest.raises(CannotRun, match="was not ready after 0 s"):
        wait_ready(child, lambda: False, seconds=0)


def test_a_log_that_cannot_be_written_is_an_error(tmp_path):
    log = tmp_path / "missing" / "log"

    with pytest.raises(CannotRun, match="cannot be started"):
        Child("shell", [sys.executable], env={}, log=log)


def test_the_log_of_the_run_before_is_set_aside(tmp_path):
    log = tmp_path / "logs" / "receiver.log"
    fresh_log(log).write_text("first")

    fresh_log(log).write_text("second")

    assert log.read_text() == "second"
    assert log.with_name("receiver.log.1").read_text() == "first"
