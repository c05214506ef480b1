"""Show that what `forgewire new handler` writes passes, beside ours and apart."""

import contextlib
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from schemas.catalogue import WEB_HOOKS
from tests.commands import run
from tests.processes import ROOT

RUFF = str(Path(sys.executable).parent / "ruff")
MYPY = str(Path(sys.executable).parent / "mypy")
#: What of Forgewire's own folder a handler is written into, and held to.
OURS = (
    *("pyproject.toml", "handlers", "schemas"),
    *("tests/__init__.py", "tests/samples"),
    *("tests/unit/test_samples.py", "tests/unit/test_schemas_events.py"),
)
BADGE = {
    "event_name": "badge_create",
    "id": 7,
    "label": "Gold",
    "state": "given",
    "awarded_on": "2026-01-04",
    "reviewed_at": "2026-01-04T09:15:42.123Z",
    "project_path_with_namespace": 'A "text" that is \\ longer than what a line has '
    * 2,
    "user_email": "somebody@real.example",
    "project": {"id": 74},
    "created_at": "2026-01-05T08:00:00Z",
}


def new_handler(folder, *words):
    """Run the command in this process, as if it were called in `folder`."""
    with contextlib.chdir(folder):
        return run("new", "handler", *words)


def call(folder, *command):
    clean = {k: v for k, v in os.environ.items() if not k.startswith("FORGEWIRE_")}
    done = subprocess.run(
        command,
        cwd=folder,
        env=clean | {"PYTHONPATH": str(folder)},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def check(folder, *tests):
    """Hold what was written to its tests and to the linter."""
    call(folder, RUFF, "format", "--check", ".")
    call(folder, RUFF, "check", "--no-cache", ".")
    return run_tests(folder, *tests)


def run_tests(folder, *tests):
    quiet = ("-q", "-p", "no:cacheprovider")
    return call(folder, sys.executable, "-m", "pytest", *quiet, *tests)


@pytest.fixture
def body(tmp_path):
    file = tmp_path / "badge.json"
    file.write_text(json.dumps(BADGE))
    return file


@pytest.fixture
def empty(tmp_path):
    folder = tmp_path / "badges"
    folder.mkdir()
    return folder


@pytest.fixture
def ours(tmp_path):
    """A copy of the parts of Forgewire's own folder that a handler is written into."""
    folder = tmp_path / "forgewire"
    for name in OURS:
        source, copy = ROOT / name, folder / name
        copy.parent.mkdir(parents=True, exist_ok=True)
        if source.is_dir():
            ignored = shutil.ignore_patterns("__pycache__")
            shutil.copytree(source, copy, ignore=ignored)
        else:
            shutil.copy(source, copy)
    return folder


def test_handlers_beside_ours_pass_at_once(ours, body):
    names = [f"badge_of_the_season_{it}" for it in ("create", "change", "update")]
    names = ["badge_create", *names, "badge_destroy", "badge_removed"]
    done = new_handler(ours, *names, "--from", body)
    assert done.stdout.splitlines()[-4:] == [
        "  pytest tests/unit/test_handlers_badges.py",
        "  forgewire try tests/samples/badge_create.json",
        "  forgewire export schemas",
        "  forgewire export asyncapi",
    ]
    for event in ("issue", "feature_flag"):
        new_handler(ours, event)

    tests = sorted(it.name for it in (ours / "tests/unit").glob("test_handlers_*"))
    assert tests == [
        "test_handlers_badges.py",
        "test_handlers_feature_flags.py",
        "test_handlers_issues.py",
    ]
    assert "passed" in check(ours, "tests/unit")


def test_a_test_that_was_written_fails_if_the_handler_is_wrong(ours, body):
    new_handler(ours, "badge_create", "--from", body)
    handler = ours / "handlers" / "badges.py"
    handler.write_text(handler.read_text().replace("badge.label", "None"))

    with pytest.raises(AssertionError, match="Gold"):
        run_tests(ours, "tests/unit/test_handlers_badges.py")


def test_every_event_of_the_catalogue_becomes_a_package_that_passes(empty):
    for event in WEB_HOOKS.keys() - {"subgroup_create", "subgroup_destroy"}:
        assert new_handler(empty, event).exit_code == 0
    done = new_handler(empty, "subgroup_destroy", "subgroup_create")
    assert done.exit_code == 0, done.stderr

    assert "passed" in check(empty, "--ignore=tests/test_contract.py")
    call(empty, MYPY, "--strict", "--cache-dir", os.devnull, "-p", "badges")


def test_what_was_written_is_told_with_what_comes_next(empty, body):
    done = new_handler(empty, "badge_create", "--from", body)

    lines = done.stdout.splitlines()
    assert "wrote badges/handlers/badges.py" in lines
    assert "left out: project" in lines
    assert lines[lines.index("next:") + 1 :] == [
        "  pip install -e .",
        "  pytest",
        "  forgewire try tests/samples/badge_create.json",
    ]
    files = {str(it.relative_to(empty)) for it in empty.rglob("*") if it.is_file()}
    assert {it.partition(" ")[2] for it in lines if it.startswith("wrote ")} == files
    assert "real.example" not in "".join((empty / name).read_text() for name in files)


def test_programs_get_the_same_as_json(empty, body):
    done = new_handler(empty, "badge_create", "--from", body, "--json")

    told = json.loads(done.stdout)
    assert "badges/schemas/badges.py" in told["files"]
    assert told["left_out"] == ["project"]


def test_a_second_handler_joins_the_package(empty, body):
    new_handler(empty, "badge_create", "--from", body)
    before = (empty / "pyproject.toml").read_text()

    done = new_handler(empty, "release")

    assert done.exit_code == 0
    assert "  pip install -e ." not in done.stdout.splitlines()
    assert (empty / "badges/handlers/releases.py").is_file()
    assert (empty / "pyproject.toml").read_text() == before


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["user_create"], "decided already, by handlers.users.save ("),
        (["nobody_knows"], "the catalogue has no nobody_knows: name a file"),
        (["other_create", "--from", "BODY"], 'is a body of "badge_create"'),
        (["badge_create", "--from", "BODY", "--id", "project"], "project is no id"),
        (
            ["badge_create", "--from", "BODY", "--subject", "delivery"],
            "deliveries is a ",
        ),
        (["x" * 101], "a name has 1 to 100 letters"),
        (["bädge"], "a name has 1 to 100 letters"),
        (["../../badge"], "a name has 1 to 100 letters"),
        (["badge.x"], "a name has 1 to 100 letters"),
    ],
)
def test_what_cannot_be_written_is_told_in_a_line(empty, body, words, said):
    listed = [body if word == "BODY" else word for word in words]

    done = new_handler(empty, *listed)

    assert done.exit_code == 2
    assert said in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert list(empty.iterdir()) == []


def test_nothing_is_overwritten(empty, body):
    new_handler(empty, "badge_create", "--from", body)

    done = new_handler(empty, "badge_create", "--from", body)

    assert done.exit_code == 2
    assert "is there already" in done.stderr
