"""A receiver on one processor: none twice, and given back when it ends."""

import os
import subprocess
import sys

import pytest

CLAIM = """
import os, sys, threading
from ingest import processor
held = processor.claim()
found = []
threading.Thread(target=lambda: found.append(os.sched_getaffinity(0))).start()
print(held is not None, len(os.sched_getaffinity(0)), *found[0], flush=True)
sys.stdin.read()
"""
FREE = len(os.sched_getaffinity(0))

pytestmark = pytest.mark.skipif(FREE < 2, reason="there is one processor only")


@pytest.fixture
def claimed():
    children = []

    def start():
        child = subprocess.Popen(
            [sys.executable, "-c", CLAIM],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        children.append(child)
        return child, child.stdout.readline().split()

    yield start
    for child in children:
        child.communicate()


def test_receivers_have_different_processors_as_long_as_there_are_some(claimed):
    told = [claimed()[1] for _ in range(FREE)]

    mine = [one for one in told if one[0] == "True"]
    # Other receivers of this machine may have some.
    assert all(one[1] == "1" for one in mine)
    assert len({one[2] for one in mine}) == len(mine)


def test_who_finds_none_free_may_use_them_all(claimed):
    told = [claimed()[1] for _ in range(FREE + 1)]

    assert told[-1][:2] == ["False", str(FREE)]


def test_a_processor_is_free_again_when_its_receiver_is_killed(claimed):
    taken = [claimed() for _ in range(FREE + 1)]
    child, told = next(one for one in taken if one[1][0] == "True")
    child.kill()
    child.wait()

    assert claimed()[1][:3] == told[:3]


def test_who_may_use_one_only_claims_none(claimed):
    allowed = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(allowed)})
    try:
        _, told = claimed()
    finally:
        os.sched_setaffinity(0, allowed)

    assert told == ["False", "1", str(min(allowed))]
