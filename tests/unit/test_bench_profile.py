"""Profiles: whose code a sample is, what a hook spends, and what the page says."""

import subprocess
import sys
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

import pytest

from bench import breakdown, merging, page, results, spent, stacks
from bench.bars import BARS, OURS, RECEIVER_PROFILE, WORKER_PROFILE
from bench.figures import Figure
from bench.lab import ROOT
from bench.spent import CLOCK, HELD, KERNEL, OUTSIDE, PROCESSOR, TURNS, WAITING, Spent
from bench.spy import CannotSpy, _program, errors, shares
from bench.stacks import RECEIVER, REST, WORKER
from tests.unit.test_bench_page import PAGE, SHOWN

#: Bits of what Linux lets a process do.
CAP_SYS_PTRACE, CAP_SYS_NICE = 19, 23
INSTALLED = "/somewhere/lib/python3.11/site-packages"
VIEW = f"full_dispatch_request ({INSTALLED}/flask/app.py:917)"
OURS_IN_IT = f"receive ({ROOT}/ingest/reception.py:60)"
#: Of 10,000 hooks that take 200 µs, half of it with the interpreter held.
SPENT = Spent(clock=2.0, processor=1.6, kernel=0.4, turns=50_000)
PARTS = {"receiver": 60.0, "pika": 20.0, REST: 20.0}


def a_profile(experiment, subject=OURS, **spent):
    return [
        Figure(experiment, subject, case, "µs", (value,))
        for case, value in spent.items()
    ]


def judged(figures):
    return {**SHOWN, **results.judged(figures, lambda _: None)}


def test_the_innermost_known_package_has_done_it():
    raw = f"run (/usr/lib/python3.11/threading.py:975);{VIEW};{OURS_IN_IT} 7\n{VIEW} 5"

    found = stacks.attributed(raw, RECEIVER)

    assert {part: it for part, it in found.items() if it} == {
        "receiver": 7,
        "Flask, Werkzeug": 5,
    }


def test_what_the_standard_library_does_is_the_work_of_who_called_it():
    raw = f"{VIEW};{OURS_IN_IT};compare (/usr/lib/python3.11/hmac.py:50) 3"

    assert stacks.attributed(raw, RECEIVER)["receiver"] == 3


def test_what_nobody_known_called_is_the_rest():
    raw = "<module> (<frozen importlib._bootstrap>:3);run (/usr/lib/x y/z (1).py:2) 3"

    assert stacks.attributed(raw, RECEIVER)[REST] == 3


def test_a_frame_may_have_no_line():
    raw = f"<listcomp> ({ROOT}/state/fold (old).py);encode ({INSTALLED}/six.py) 2"

    assert stacks.attributed(raw, WORKER)["state"] == 2


def test_packages_below_the_tree_that_are_installed_are_not_ours():
    raw = f"x ({ROOT}/.venv/lib/python3.11/site-packages/pika/channel.py:2) 4"

    assert stacks.attributed(raw, RECEIVER)["pika"] == 4


@pytest.mark.parametrize("parts", [RECEIVER, WORKER], ids=["receiver", "worker"])
def test_no_package_is_in_two_parts(parts):
    packages = [package for each in parts.values() for package in each]

    assert len(packages) == len(set(packages))
    assert not set(packages) & {REST, OUTSIDE, WAITING}


@pytest.mark.parametrize("parts", [RECEIVER, WORKER], ids=["receiver", "worker"])
def test_every_package_of_a_part_is_there(parts):
    packages = {package for each in parts.values() for package in each}

    assert {it for it in packages if find_spec(it) is None} == set()


def test_py_spy_says_how_often_it_looked_in_vain():
    told = "Wrote raw flamegraph data to 'x'. Samples: 2500 Errors: 12"

    assert errors(told) == 12
    with pytest.raises(CannotSpy, match="nothing"):
        errors("")


def test_a_hook_spends_what_its_parts_hold_and_what_is_outside():
    found = spent.each(SPENT, 10_000, PARTS, is_alone=False)

    assert found == pytest.approx(
        {
            "receiver": 60,
            "pika": 20,
            REST: 20,
            OUTSIDE: 60,
            HELD: 100,
            PROCESSOR: 160,
            KERNEL: 40,
            CLOCK: 200,
            TURNS: 5,
        }
    )


def test_who_works_alone_waits_for_the_rest_of_the_time():
    found = spent.each(SPENT, 10_000, PARTS, is_alone=True)

    assert found[WAITING] == pytest.approx(40)


def test_nothing_is_less_than_nothing():
    """The windows of the two differ a little."""
    found = spent.each(SPENT, 10_000, {REST: 210.0}, is_alone=True)

    assert (found[OUTSIDE], found[WAITING]) == (0, 0)


@pytest.fixture
def slow_receiver():
    """Return both sides of a bar, and a profile with 120 µs of others' code."""
    parts = {"receiver": 90.0, "publisher": 10.0, "pika": 30.0, REST: 90.0}
    spent = {**parts, OUTSIDE: 50.0, HELD: 220.0, CLOCK: 300.0}
    return [
        Figure("receive", "no-op Flask view", "64 connections", "hooks/s", (5_000,)),
        Figure("receive", OURS, "64 connections", "hooks/s", (3_000,)),
        *a_profile(RECEIVER_PROFILE, **spent),
    ]


def test_a_receivers_floor_is_how_long_others_hold_the_interpreter(slow_receiver):
    (floors, _) = breakdown.tables(judged(slow_receiver))

    # 60 % of 5,000 a second are 333 µs for each.
    told = ("", BARS[0].name, "333", "300", "220", "100", "120", "")
    assert floors.rows == (told,)


def test_a_floor_above_its_bar_is_told(slow_receiver):
    noop = Figure("receive", "no-op Flask view", "64 connections", "hooks/s", (20_000,))

    (floors, _) = breakdown.tables(judged([noop, *slow_receiver[1:]]))

    assert floors.rows[0][0] == "above the bar"


def test_a_workers_floor_is_also_what_it_waits():
    spent = {"state": 60.0, REST: 20.0, OUTSIDE: 10.0, WAITING: 70.0, HELD: 80.0}
    sides = [
        Figure("work", name, "mixed events", "events/s", (rate,))
        for name, rate in ((OURS, 6_000), ("bare loop", 9_000))
    ]
    profile = a_profile(WORKER_PROFILE, **spent, **{CLOCK: 160.0})

    floors = breakdown.tables(judged(sides + profile))[0]

    told = (BARS[3].name, "185", "160", "80.0", "60.0", "100", "111")
    assert floors.rows == (("", *told),)


def test_a_profile_compares_subjects_part_by_part():
    ours = a_profile(WORKER_PROFILE, state=40.0, pika=20.0, **{CLOCK: 200.0})
    bare = a_profile(WORKER_PROFILE, "bare loop", pika=25.0, **{CLOCK: 150.0})

    (table,) = breakdown.tables(judged(ours + bare))

    assert table.columns == ("", OURS, "bare loop")
    assert table.rows == (
        ("state", "40.0", "0"),
        ("pika", "20.0", "25.0"),
        (CLOCK, "200", "150"),
    )


def test_the_page_shows_a_profile_and_its_picture():
    figures = a_profile(RECEIVER_PROFILE, receiver=40.0, **{HELD: 40.0, CLOCK: 200.0})
    found = {**SHOWN, "figures": SHOWN["figures"] + [it.as_json for it in figures]}

    text = page.filled(PAGE.read_text("utf-8"), found)

    assert "| receiver | 40.0 |" in text
    assert "(performance/profile.svg)" in text
    assert page.filled(text, SHOWN) == PAGE.read_text("utf-8")


def test_a_page_without_a_profile_says_so():
    others = [it for it in SHOWN["figures"] if "profile" not in it["experiment"]]

    text = page.filled(PAGE.read_text("utf-8"), {**SHOWN, "figures": others})

    assert "no profile" in text
    assert "profile.svg" not in text


def test_what_is_added_takes_the_place_of_what_was_there_and_has_its_date():
    def run(date, *figures):
        told = results.judged(list(figures), lambda _: None)
        return {"date": date, "is_quick": False, "versions": {}, **told}

    first = Figure("receive", OURS, "idle", "hooks/s", (1.0, 2.0), {"p50_ms": 3.0})
    old, new = (Figure("work", OURS, "idle", "events/s", (it,)) for it in (1.0, 2.0))
    earlier = run("2026-11-22T10:00:00+00:00", first, old)

    found = merging.merged(earlier, run("2026-11-23T11:30:00+00:00", new), print)

    assert found["figures"] == [first.as_json, new.as_json]
    assert found["measured"] == {
        "receive": "2026-11-22T10:00:00+00:00",
        "work": "2026-11-23T11:30:00+00:00",
    }
    assert found["date"] == earlier["date"]


def test_the_page_says_what_was_measured_apart():
    same = dict.fromkeys(merging.dates(SHOWN), SHOWN["date"])
    later = {**same, "scale": "2030-11-23T11:30:00+00:00"}

    text = page.filled(PAGE.read_text("utf-8"), {**SHOWN, "measured": later})

    assert "Measured anew later: scale (23 November 2030, 11:30 UTC)." in text


@pytest.mark.parametrize(
    ("name", "other"),
    [("is_quick", True), ("machine", {}), ("versions", {"flask": "another"})],
)
def test_runs_on_other_terms_are_not_put_together(name, other):
    merging.check(SHOWN, SHOWN)
    with pytest.raises(merging.NotAlike, match=name):
        merging.check(SHOWN, {**SHOWN, name: other})


def test_what_is_measured_for_the_first_time_may_stand_beside_the_rest():
    merging.check(SHOWN, {**SHOWN, "versions": {**SHOWN["versions"], "new": "1.0"}})


WORK = """
def work(rounds):
    for _ in range(rounds):
        pass
"""
THREADS = """
import threading, time
from {one} import work as one
from {other} import work as other

def run():
    while True:
        one(4_000)
        other(8_000)
        time.sleep(0.008)

for _ in range(32):
    threading.Thread(target=run, daemon=True).start()
print(1, flush=True)
time.sleep(600)
"""


@contextmanager
def running(*command):
    with subprocess.Popen(command, stdout=subprocess.PIPE) as child:
        try:
            child.stdout.readline()
            yield child.pid
        finally:
            child.kill()


@pytest.fixture
def may_spy():
    if not Path(_program()).exists():
        pytest.skip("py-spy is not installed")
    lines = Path("/proc/self/status").read_text("ascii").splitlines()
    (may,) = (int(line.split()[1], 16) for line in lines if line.startswith("CapEff:"))
    if not may >> CAP_SYS_PTRACE & may >> CAP_SYS_NICE & 1:
        pytest.skip("py-spy may not attach, or not be preferred")


def test_who_spins_holds_the_interpreter_all_the_time(may_spy):
    code = "print(1, flush=True)\nwhile True: pass"
    with running(sys.executable, "-c", code) as pid:
        found = shares(pid, 1, WORKER)

    assert 0.9 < found[REST] <= 1
    assert sum(found.values()) == found[REST]


def test_threads_that_hand_the_interpreter_around_are_told_apart(may_spy, tmp_path):
    folder = tmp_path / "site-packages"
    for name in ("pika", "bson"):
        (folder / name).mkdir(parents=True)
        (folder / name / "__init__.py").write_text(WORK)
    main = folder / "main.py"
    main.write_text(THREADS.format(one="pika", other="bson"))

    with running(sys.executable, str(main)) as pid:
        found = shares(pid, 2, WORKER)

    assert 1.2 < found["PyMongo, BSON"] / found["pika"] < 3.2
    assert found[REST] < 0.5 * found["pika"]


def test_what_is_no_python_process_cannot_be_watched():
    with (
        running("sh", "-c", "echo 1; exec sleep 60") as pid,
        pytest.raises(CannotSpy, match=r"py-spy|cannot be given a processor"),
    ):
        shares(pid, 1, WORKER)


def test_what_has_ended_cannot_be_watched():
    with running("true") as pid:
        pass

    with pytest.raises(CannotSpy, match="cannot be given a processor"):
        shares(pid, 1, WORKER)
