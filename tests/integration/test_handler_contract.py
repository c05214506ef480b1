"""Our handlers keep what handlers promise, and the contract finds those that do not."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from cli.handler_state import HandlerState
from handlers.testing import contract, faults, handlers_of, samples_in
from tests.samples.load import FOLDER

EXAMPLE = Path(__file__).parents[2] / "examples" / "faulty_handlers"
SHOWN = re.search(r"```text\n(.*?)```", (EXAMPLE / "README.md").read_text(), re.DOTALL)


@pytest.fixture
def handler_state(database):
    return HandlerState(database)


#: All handlers of ours, by all samples.
test_contract = contract("handlers", samples=FOLDER)


def test_each_faulty_handler_of_the_example_is_named_in_one_line(
    handler_state, monkeypatch
):
    monkeypatch.syspath_prepend(EXAMPLE)

    found = faults(
        handlers_of(["faulty_handlers"]),
        samples_in(EXAMPLE / "samples"),
        state=handler_state,
    )

    assert [str(fault) for fault in found] == SHOWN[1].splitlines()


def test_one_line_in_a_package_of_others_turns_it_on(tmp_path):
    run = subprocess.run(
        [
            sys.executable,
            "-m",
            "pytest",
            "-qpno:cacheprovider",
            "--basetemp",
            tmp_path / "run",
        ],
        cwd=EXAMPLE,
        env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1", "COLUMNS": "200"},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )

    assert run.returncode == 1
    assert [line for line in SHOWN[1].splitlines() if line not in run.stdout] == []
    assert "1 failed" in run.stdout
