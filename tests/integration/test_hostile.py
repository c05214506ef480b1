"""Hostile clients cost good ones some time, and the receiver some memory: no more."""

import contextlib
import statistics
import subprocess
import sys
import time
from pathlib import Path

import pytest

from cli.local import family
from tests.chaos.hostile import ATTACKS
from tests.processes import ROOT
from tests.receiver import Receiver
from tests.receiving import EVENT, TOKEN

HOOKS = 150
#: GitLab gives up after 10 s. On an idle machine it is some milliseconds.
PATIENCE_SECONDS = 5.0
#: Of the receiver's processes together, in bytes.
MEMORY = 1 << 30


@pytest.fixture(scope="module")
def receiver(rabbitmq, tmp_path_factory):
    running = Receiver(tmp_path_factory.mktemp("hostile"), rabbitmq.url, "test-hostile")
    yield running.wait()
    assert running.stop() == 0


@pytest.fixture(scope="module")
def undisturbed(receiver):
    """The 99th percentile of good hooks while nobody attacks, in seconds."""
    return p99(receiver)


@contextlib.contextmanager
def under(attack, receiver):
    """Have an attacker, a process of its own, at work."""
    command = [sys.executable, "-m", "tests.chaos.hostile", attack]
    with subprocess.Popen(
        [*command, str(receiver.port), TOKEN], cwd=ROOT, stdout=subprocess.PIPE
    ) as attacker:
        try:
            assert attacker.stdout.readline(), f"{attack} did not begin"
            yield attacker
        finally:
            attacker.kill()


def p99(receiver):
    """Deliver good hooks, each of which must be accepted."""
    took = []
    for number in range(HOOKS):
        begin = time.perf_counter()
        response = receiver.post(EVENT, Idempotency_Key=f"{begin}-{number}")
        took.append(time.perf_counter() - begin)
        assert response.status_code == 202
    return statistics.quantiles(took, n=100)[-1]


def memory(receiver):
    """The resident bytes of the receiver's processes."""
    statms = (
        Path(f"/proc/{one.pid}/statm") for one in family.members(receiver.process.pid)
    )
    return sum(int(statm.read_text().split()[1]) * 4096 for statm in statms)


@pytest.mark.parametrize("attack", ATTACKS)
def test_good_hooks_are_answered_under(
    attack, receiver, undisturbed, record_testsuite_property
):
    with under(attack, receiver) as attacker:
        disturbed, used = p99(receiver), memory(receiver)

        assert attacker.poll() is None
    found = f"{undisturbed * 1000:.0f} ms, {disturbed * 1000:.0f} ms, {used >> 20} MiB"
    record_testsuite_property(attack, found)
    sys.stdout.write(f"{attack}: p99 before, during, memory: {found}\n")
    assert disturbed < PATIENCE_SECONDS
    assert used < MEMORY
