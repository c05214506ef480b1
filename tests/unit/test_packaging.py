"""What the project is made of: locks, rooms, scripts, and who reads the environment."""

import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[2]
BIN = Path(sys.executable).parent
LOCKS = sorted(path.name for path in ROOT.glob("requirements*.txt"))
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
ROOMS = sorted(
    {path.parent.name for path in ROOT.glob("*/__init__.py")} - {"bench", "tests"}
)

#: Where values come in from the environment; everywhere else they are arguments.
ENTRIES = re.compile(r"(config|cli|tests|deploy)/|\w+/__main__\.py")
COMMANDS_OF_SETUP = ("dirname", "mkdir", "mktemp", "rm", "tail", "sleep", "cat")


def locked(name):
    """Return the versions that a lock holds, by name."""
    text = (ROOT / name).read_text("utf-8")
    return dict(re.findall(r"^([\w.-]+)==(\S+)", text, re.MULTILINE))


def declared(requirements):
    return {canonicalize_name(Requirement(one).name) for one in requirements}


def setup_with(tmp_path, stubs, *arguments, **environ):
    """Run a copy of scripts/setup that finds only `stubs` and a few harmless tools."""
    tools = tmp_path / "bin"
    tools.mkdir()
    for name in COMMANDS_OF_SETUP:
        (tools / name).symlink_to(shutil.which(name))
    for name, body in stubs.items():
        (tools / name).write_text(f"#!/bin/sh\n{body}\n", "utf-8")
        (tools / name).chmod(0o755)
    (tmp_path / "scripts").mkdir()
    shutil.copy(ROOT / "scripts" / "setup", tmp_path / "scripts")
    return subprocess.run(
        ["/bin/bash", str(tmp_path / "scripts" / "setup"), *arguments],
        env={"PATH": str(tools), **environ},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def test_there_are_locks():
    assert LOCKS == [
        "requirements-bench.txt",
        "requirements-build.txt",
        "requirements-dev.txt",
        "requirements-otel.txt",
        "requirements.txt",
    ]


@pytest.mark.parametrize("name", LOCKS)
def test_a_lock_names_packages_and_hashes_and_no_place(name):
    text = (ROOT / name).read_text("utf-8")

    lines = [line.removesuffix(" \\").strip() for line in text.splitlines()]

    hashed = re.compile(r"--hash=sha256:[0-9a-f]{64}")
    pinned = re.compile(r"[\w.-]+==[\w.!+]+( ; [^/]+)?")
    assert [
        it for it in lines if not (hashed.fullmatch(it) or pinned.fullmatch(it))
    ] == []


def test_the_locks_hold_all_that_is_declared():
    project = PYPROJECT["project"]
    extras = project["optional-dependencies"]

    assert declared(project["dependencies"]) <= set(locked("requirements.txt"))
    assert declared(extras["dev"] + extras["local"]) <= set(
        locked("requirements-dev.txt")
    )
    assert declared(project["dependencies"] + extras["otel"]) <= set(
        locked("requirements-otel.txt")
    )
    assert declared(extras["bench"]) <= set(locked("requirements-bench.txt"))
    assert declared(PYPROJECT["build-system"]["requires"]) <= set(
        locked("requirements-build.txt")
    )


def test_what_is_measured_is_what_is_deployed():
    assert (
        locked("requirements.txt").items() <= locked("requirements-bench.txt").items()
    )


@pytest.mark.parametrize(
    "name",
    ["requirements.txt", "requirements-build.txt", "requirements-otel.txt"],
)
def test_tests_run_on_the_versions_that_are_deployed(name):
    assert locked(name).items() <= locked("requirements-dev.txt").items()


def test_every_room_is_packaged_checked_and_measured():
    tool = PYPROJECT["tool"]

    assert tool["hatch"]["build"]["targets"]["wheel"]["packages"] == ROOMS
    assert tool["mypy"]["packages"] == ROOMS
    assert tool["coverage"]["run"]["source"] == ROOMS
    assert tool["importlinter"]["root_packages"] == ROOMS


def test_every_room_is_in_the_image():
    sent = (ROOT / ".dockerignore").read_text("utf-8").splitlines()

    assert {f"!{room}" for room in ROOMS} <= set(sent)


def test_every_room_has_its_place_in_the_flow_of_data():
    layers = next(
        one["layers"]
        for one in PYPROJECT["tool"]["importlinter"]["contracts"]
        if one["type"] == "layers"
    )

    assert sorted(room for layer in layers for room in layer.split(" | ")) == ROOMS


def test_nothing_but_the_entries_reads_the_environment():
    sources = (path for room in ROOMS for path in (ROOT / room).rglob("*.py"))

    readers = {
        str(path.relative_to(ROOT))
        for path in sources
        if re.search(r"\benviron\b.*\bos\b|os\.environ|getenv", path.read_text("utf-8"))
    }

    assert {name for name in readers if not ENTRIES.match(name)} == set()


def test_the_receiver_loads_neither_database_nor_handlers():
    code = (
        "import sys, ingest.__main__\n"
        "print(*({'pymongo', 'bson', 'handlers', 'state', 'workers'} & {*sys.modules}))"
    )

    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )

    assert done.stdout.split() == []


def test_every_module_says_what_it_is_for():
    sources = (path for room in ROOMS for path in (ROOT / room).rglob("*.py"))

    texts = {str(path): path.read_text("utf-8") for path in sources}

    assert [path for path, text in texts.items() if text and text[:3] != '"' * 3] == []


@pytest.mark.parametrize(
    "script", ["scripts/lock", "scripts/secrets", "scripts/setup", ".ci/run"]
)
def test_a_script_can_be_run_and_passes_its_linter(script):
    path = ROOT / script

    done = subprocess.run(
        [str(BIN / "shellcheck"), str(path)],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )

    assert done.returncode == 0, done.stdout
    assert os.access(path, os.X_OK)


def test_make_lists_its_targets():
    # Not the environment of the `make test` that may run this.
    done = subprocess.run(
        ["make"],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"]},
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )

    makefile = (ROOT / "Makefile").read_text("utf-8")
    (phony,) = re.findall(r"^\.PHONY: (.*)$", makefile, re.MULTILINE)
    listed = [line.split()[1] for line in done.stdout.splitlines()]
    assert sorted(listed) == sorted(phony.split())


def test_setup_says_in_one_line_that_rabbitmq_is_missing(tmp_path):
    done = setup_with(tmp_path, {"id": "echo 1000"}, RABBITMQ_SERVER="/none")

    assert done.returncode == 1
    assert done.stderr == (
        "forgewire: RabbitMQ is missing: install rabbitmq-server "
        "(apt-get install rabbitmq-server)\n"
    )


def test_setup_says_that_a_url_would_do_where_it_would(tmp_path):
    stubs = {"id": "echo 1000"}

    done = setup_with(tmp_path, stubs, "--urls-will-do", RABBITMQ_SERVER="/none")

    assert done.stderr.endswith(", or set FORGEWIRE_AMQP_URL to a running one\n")


def test_setup_says_in_one_line_that_venv_is_missing(tmp_path):
    stubs = {
        "id": "echo 1000",
        "python3.11": 'case "$2" in *ensurepip*) exit 1;; esac',
    }

    done = setup_with(
        tmp_path, stubs, "--urls-will-do", FORGEWIRE_AMQP_URL="amqp://elsewhere"
    )

    assert done.returncode == 1
    assert done.stderr == (
        "forgewire: Python's venv is missing: install python3-venv "
        "(apt-get install python3-venv)\n"
    )


def test_setup_says_in_one_line_that_python_is_missing(tmp_path):
    done = setup_with(
        tmp_path, {"python3": "exit 1"}, RABBITMQ_SERVER=str(Path("/bin/true"))
    )

    assert done.returncode == 1
    assert done.stderr == (
        "forgewire: Python 3.11 is missing: install python3.11 and python3.11-venv\n"
    )


def test_setup_installs_rabbitmq_for_root_without_starting_it(tmp_path):
    stubs = {
        "id": "echo 0",
        "apt-get": f'echo "$@" >> {tmp_path}/apt',
        "chmod": "exit 0",
        "python3": "exit 1",
    }

    done = setup_with(tmp_path, stubs, RABBITMQ_SERVER="/none")

    update, install = (tmp_path / "apt").read_text("utf-8").splitlines()
    assert done.stderr.startswith("forgewire: installing rabbitmq-server")
    assert update.startswith("update")
    assert "--no-install-recommends" in install
    assert "DPkg::Path=" in install
    assert install.endswith(" rabbitmq-server")


def test_setup_shows_what_failed(tmp_path):
    stubs = {
        "id": "echo 0",
        "apt-get": "echo no such mirror; exit 1",
        "chmod": "exit 0",
    }

    done = setup_with(tmp_path, stubs, RABBITMQ_SERVER="/none")

    assert done.returncode == 1
    assert "no such mirror" in done.stderr
    assert done.stderr.endswith("installing rabbitmq-server (about a minute): failed\n")
