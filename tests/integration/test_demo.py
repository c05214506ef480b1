"""Show `forgewire demo` as a whole, and how it and the processes end."""

import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from cli.demo import Seen, environment
from tests.commands import run
from tests.receiver import until

ROOT = Path(__file__).parents[2]
LAST_LINE = re.compile(
    r"delivered (\d+)  applied (\d+)  duplicate (\d+)  stale (\d+)  ignored (\d+)  "
    r"test (\d+)  dead (\d+)  lost (\d+)"
)
PROGRAM = "from cli.main import main; main()"


def start(folder, *words, **environ):
    """Start `forgewire`, its temporary files in `folder`."""
    clean = {k: v for k, v in os.environ.items() if not k.startswith("FORGEWIRE_")}
    return subprocess.Popen(
        [sys.executable, "-c", PROGRAM, *map(str, words)],
        cwd=ROOT,
        env=clean | {"TMPDIR": str(folder)} | environ,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def who_knows(folder):
    """The processes whose command line or environment tells of the folder."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            told = (process / "cmdline").read_bytes() + (
                process / "environ"
            ).read_bytes()
        except OSError:
            continue
        if os.fsencode(folder) in told:
            found.append(process.name)
    return found


def test_a_demo_shows_the_state_loses_nothing_and_leaves_nothing(tmp_path):
    demo = start(tmp_path, "demo", FORGEWIRE_AMQP_URL="amqp://nowhere.example")

    out, err = demo.communicate(timeout=110)

    assert demo.returncode == 0, err
    numbers = [int(it) for it in LAST_LINE.fullmatch(out.splitlines()[-1]).groups()]
    delivered, *outcomes, dead, lost = numbers
    files = len(list((ROOT / "tests/samples").glob("*.json")))
    assert delivered == 2 * files
    assert sum(outcomes) == delivered
    assert (dead, lost) == (0, 0)
    for table in ("Users", "Projects", "Groups", "Memberships"):
        assert table in out.splitlines()
    assert re.search(
        r"^ *201  aferreira +Ada Ferreira .* gitlab +active$", out, re.MULTILINE
    )
    assert "stopping MongoDB" in err
    assert list(tmp_path.iterdir()) == []
    assert who_knows(tmp_path) == []


def test_a_demo_of_what_is_wrong_is_exit_code_1_and_says_what_was(tmp_path):
    payload = tmp_path / "wrong.json"
    payload.write_text('{"event_name": "user_create", "user_id": "abc"}')
    refused = tmp_path / "refused.json"
    refused.write_text("[]")

    demo = start(tmp_path, "demo", payload, refused)
    out, err = demo.communicate(timeout=110)

    assert demo.returncode == 1, err
    numbers = LAST_LINE.fullmatch(out.splitlines()[-1]).groups()
    assert numbers == ("4", "0", "1", "0", "0", "0", "1", "2")


def test_a_demo_that_is_told_to_stop_leaves_nothing(tmp_path):
    demo = start(tmp_path, "demo")
    until(lambda: list(tmp_path.glob("*/logs")), "the servers start")

    demo.send_signal(signal.SIGTERM)
    out, _ = demo.communicate(timeout=60)

    assert demo.returncode == 1
    assert out == ""
    assert list(tmp_path.iterdir()) == []
    assert who_knows(tmp_path) == []


def test_a_demo_that_cannot_start_says_why(tmp_path):
    mongod = tmp_path / "bin" / "mongod"
    mongod.parent.mkdir()
    mongod.write_text("#!/bin/sh\necho no space left\nexit 3\n")
    mongod.chmod(0o755)
    path = f"{mongod.parent}:{os.environ['PATH']}"

    demo = start(tmp_path, "demo", PATH=path)
    out, err = demo.communicate(timeout=60)

    assert (demo.returncode, out) == (2, "")
    assert "Error: MongoDB ended with exit code 3" in err
    assert "no space left" in err


def test_a_demo_without_samples_says_so_before_it_starts_anything(tmp_path):
    result = run("demo", tmp_path)

    assert result.exit_code == 2
    assert "no *.json file" in result.stderr


def test_a_demo_knows_nothing_of_other_stacks():
    environ = {"HOME": "/home/ada", "FORGEWIRE_AMQP_URL": "amqp://production"}

    assert environment(environ, "/somewhere") == {
        "HOME": "/home/ada",
        "FORGEWIRE_DATA_DIR": "/somewhere",
        "FORGEWIRE_INGEST_BIND": "127.0.0.1:0",
        "FORGEWIRE_API_BIND": "127.0.0.1:0",
        "FORGEWIRE_WORKER_BIND": "127.0.0.1:0",
    }


def test_what_no_outcome_accounts_for_is_lost():
    assert Seen(delivered=5, tables={}, outcomes={"applied": 3, "dead": 1}).lost == 1


@pytest.mark.parametrize(
    ("command", "environ", "told"),
    [
        ("ingest", {}, "FORGEWIRE_GITLAB_TOKENS"),
        ("worker", {"FORGEWIRE_BATCH_SIZE": "many"}, "FORGEWIRE_BATCH_SIZE"),
        ("api", {}, "forgewire keys generate"),
    ],
)
def test_a_process_takes_the_place_of_its_command(tmp_path, command, environ, told):
    (tmp_path / "config.py").write_text("raise SystemExit('this is not ours')")
    clean = {k: v for k, v in os.environ.items() if not k.startswith("FORGEWIRE_")}
    entry = Path(sys.executable).with_name("forgewire")

    ended = subprocess.run(
        [entry, command],
        check=False,
        cwd=tmp_path,
        env=clean | environ,
        capture_output=True,
        text=True,
        timeout=60,
    )

    assert ended.returncode == 2
    assert told in ended.stderr
    assert "not ours" not in ended.stderr
