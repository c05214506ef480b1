"""`forgewire console`: a link to the console of the stack that runs in a folder."""

import json
import time

from api import once
from tests.commands import run, run_json


def running(folder):
    """As if a `forgewire up` ran there."""
    told = {"api": "http://127.0.0.1:8081", "public_url": "http://127.0.0.1:8081"}
    (folder / "endpoints.json").write_text(json.dumps(told))
    return {"DATA_DIR": folder}


def test_it_prints_a_link_that_the_api_of_the_folder_takes(tmp_path):
    done = run("console", **running(tmp_path))

    assert done.exit_code == 0
    base, _, code = done.stdout.strip().rpartition("/")
    assert base == "http://127.0.0.1:8081/console/enter"
    assert once.use(tmp_path, code, time.time() + 590)


def test_programs_are_told_how_long_it_is_good(tmp_path):
    told = run_json("console", **running(tmp_path))

    assert told["good_seconds"] == 600
    assert told["url"].startswith("http://127.0.0.1:8081/console/enter/")


def test_each_link_is_another_one(tmp_path):
    settings = running(tmp_path)

    assert run("console", **settings).stdout != run("console", **settings).stdout


def test_without_a_stack_it_says_where_people_sign_in(tmp_path):
    done = run("console", DATA_DIR=tmp_path)

    assert (done.exit_code, done.stdout) == (1, "")
    assert "no `forgewire up` runs in this folder" in done.stderr
    assert "/console/sign-in" in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_takes_no_file_is_told(tmp_path):
    settings = running(tmp_path)
    (tmp_path / once.FOLDER).write_text("in the way")

    done = run("console", **settings)

    assert done.exit_code == 1
    assert str(tmp_path) in done.stderr
    assert "Traceback" not in done.stderr
