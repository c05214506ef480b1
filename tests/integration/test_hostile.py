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
def under(attacks, receiver):
    """Have attackers, each a process of its own, at work; they outlast the block."""
    with contextlib.ExitStack() as stack:
        attackers = [stack.enter_context(_attacker(it, receiver)) for it in attacks]
        yield
        assert [it.poll() for it in attackers] == [None] * len(attackers)


@contextlib.contextmanager
def _attacker(attack, receiver):
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


#: What costs an attacker next to nothing, so that one machine bears all at once.
CHEAP = ("leave_open", "slow_headers", "slow_bodies")


@pytest.mark.parametrize(
    "attacks",
    [*((it,) for it in ATTACKS), CHEAP, (*CHEAP, "garbage")],
    ids=" and ".join,
)
def test_good_hooks_are_answered_under(
    attacks, receiver, undisturbed, record_testsuite_property
):
    with under(attacks, receiver):
        disturbed, used = p99(receiver), memory(receiver)

    found = f"{undisturbed * 1000:.0f} ms, {disturbed * 1000:.0f} ms, {used >> 20} MiB"
    name = " and ".join(attacks)
    record_testsuite_property(name, found)
    sys.stdout.write(f"{name}: p99 before, during, memory: {found}\n")
    assert disturbed < PATIENCE_SECONDS
    assert used < MEMORY


@pytest.mark.parametrize("path", ["/nowhere", "/metrics", "/hooks/gitlab"])
def test_who_piles_up_requests_gets_one_answer(receiver, path):
    request = f"GET {path} HTTP/1.1\r\nHost: receiver\r\n\r\n".encode()

    with receiver.raw(request * 200) as connection:
        answers = b"".join(iter(lambda: received(connection), b""))

    assert answers.count(b"HTTP/1.1 ") == 1


def received(connection):
    """What comes next, nothing at the end; who is cut off may see that as an error."""
    with contextlib.suppress(ConnectionError):
        return connection.recv(1 << 16)
    return b""
