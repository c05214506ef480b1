"""Keys are made, changed and shown by commands that need no server."""

import json
import re

import pytest

from api import keyring
from tests.commands import run, run_json


@pytest.fixture
def path(tmp_path):
    return tmp_path / "keys.json"


def generate(path, *options):
    return run("keys", "generate", "--path", path, *options)


def test_keys_are_made_before_anything_runs(path):
    result = generate(path)

    assert result.exit_code == 0
    (key,) = keyring.load(path).keys
    assert result.stdout == f"{path}: key {key.kid} (ES256) signs from now on\n"


def test_the_settings_say_where(tmp_path):
    result = run("keys", "generate", DATA_DIR=tmp_path)

    assert result.exit_code == 0
    assert (tmp_path / "jwt-keys.json").exists()


def test_the_algorithm_can_be_chosen(path):
    assert generate(path, "--algorithm", "RS256").exit_code == 0
    assert keyring.load(path).keys[0].algorithm == "RS256"


def test_keys_that_are_there_are_left_alone(path):
    generate(path)
    before = path.read_bytes()

    result = generate(path)

    assert result.exit_code == 2
    assert "forgewire keys rotate" in result.stderr
    assert path.read_bytes() == before


def test_a_rotation_says_when_the_new_key_signs_and_how_long_the_old_one_counts(path):
    generate(path)
    (old,) = keyring.load(path).keys

    result = run("keys", "rotate", "--path", path)

    assert result.exit_code == 0
    time = r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC"
    first, second = result.stdout.splitlines()
    assert re.search(rf"\(ES256\) signs from {time}$", first)
    assert re.fullmatch(
        rf"  {re.escape(old.kid)} \(ES256\) verifies until {time}", second
    )


def test_a_rotation_says_it_to_programs(path):
    generate(path)

    told = run_json("keys", "rotate", "--path", path, "--algorithm", "RS256")

    states = [(it["algorithm"], it["state"]) for it in told["keys"]]
    assert states == [("ES256", "signs"), ("RS256", "waits")]
    assert told["signs_from"] == told["keys"][1]["signs_from"]
    assert told["keys"][0]["verifies_until"] > told["signs_from"]


def test_old_keys_can_be_dropped_at_once(path):
    generate(path)

    result = run("keys", "rotate", "--path", path, "--drop-old")

    (key,) = keyring.load(path).keys
    assert f"key {key.kid} (ES256) signs from now on" in result.stdout
    assert "no good any more" in result.stdout


def test_nothing_secret_is_shown(path):
    generate(path, "--algorithm", "RS256")
    told = json.loads(path.read_text())

    shown = run("keys", "show", "--path", path).stdout
    listed = run_json("keys", "show", "--path", path)

    assert shown.splitlines()[0].split()[:3] == ["KID", "ALGORITHM", "STATE"]
    assert "signs" in shown
    assert listed[0]["public"] == keyring.load(path).keys[0].public()
    private = {told["keys"][0][it] for it in ("d", "p", "q")}
    secrets = private | set(told["cookie_secrets"])
    assert not [it for it in secrets if it in shown + json.dumps(listed)]


@pytest.mark.parametrize("command", ["rotate", "show"])
@pytest.mark.parametrize("content", [None, "nonsense"])
def test_a_file_of_no_use_is_exit_code_2(path, command, content):
    if content:
        path.write_text(content)

    result = run("keys", command, "--path", path)

    assert result.exit_code == 2
    assert str(path) in result.stderr
    assert result.stdout == ""


def check(**settings):
    told = json.loads(run("check-config", "--offline", "--json", **settings).stdout)
    (found,) = [it for it in told if it["check"] == "keys"]
    return found["ok"], found["detail"]


def test_a_configuration_says_which_key_signs(path):
    generate(path)
    run("keys", "rotate", "--path", path)

    is_good, detail = check(JWT_KEYS_PATH=path)

    assert is_good
    assert detail.endswith("(ES256) signs, 2 verify")


def test_a_configuration_without_keys_is_one_without_api(tmp_path):
    assert check(DATA_DIR=tmp_path) == (
        True,
        "none, so no API can start here; make them: forgewire keys generate",
    )


@pytest.mark.parametrize("content", [None, "nonsense"])
def test_keys_that_are_named_must_be_good(path, content):
    if content:
        path.write_text(content)

    is_good, detail = check(JWT_KEYS_PATH=path)

    assert not is_good
    assert detail.startswith(f"{path}: ")


def test_bad_keys_are_wrong_wherever_they_are(tmp_path):
    (tmp_path / "jwt-keys.json").write_text("{}")

    assert not check(DATA_DIR=tmp_path)[0]


def test_keys_that_everybody_can_read_are_told(path):
    generate(path)
    path.chmod(0o644)

    assert check(JWT_KEYS_PATH=path)[1].endswith("can read it: chmod 600")
