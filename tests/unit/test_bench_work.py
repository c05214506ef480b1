"""Work: what one process used, and the figures made of rounds."""

import os
import subprocess
import sys

import pytest

pytest.importorskip("psutil")
pytest.importorskip("celery")
pytest.importorskip("dramatiq")

from bench import work
from bench.usage import cpu_of, usage
from bench.workers import SUBJECTS


def test_processor_time_is_counted_from_then_on():
    used = cpu_of(os.getpid())
    assert used() < 0.1

    while used() < 0.1:
        sum(range(10_000))

    assert used() < usage(os.getpid()).cpu_seconds


def test_children_count_too():
    before = usage(os.getpid()).rss
    code = (
        "import sys; held = b'x' * 50_000_000; print(1, flush=True); sys.stdin.read()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as child:
        child.stdout.readline()

        assert usage(os.getpid()).rss - before > 50_000_000

        child.stdin.write(b"\n")


def test_everybody_who_is_to_be_measured_is_known():
    everybody = {name for numbers in work.NUMBERS.values() for name in numbers}

    assert everybody == SUBJECTS.keys()
    assert work.NUMBERS.keys() == work.MIXES.keys()


def test_quickly_less_of_the_same_is_measured():
    for case, numbers in work.QUICK_NUMBERS.items():
        assert all(number <= work.NUMBERS[case][it] for it, number in numbers.items())


def test_a_figure_has_all_rounds_and_counts_what_is_lost():
    rounds = [work.Round(100, 99, 10.0, 5.0), work.Round(100, 100, 30.0, 7.0)]

    figure = work.figure("Forgewire", "mixed events", rounds)

    assert figure.median == 20
    assert figure.also == {"cpu_us": 6}
    assert figure.lost == 1
