"""Run `forgewire` in this process, with settings of the test's own."""

import contextlib
import json
import logging
import os

import structlog
from click.testing import CliRunner

from cli.main import main
from config import logs


def run(*arguments, **settings):
    """Run a command; `AMQP_URL=...` stands for FORGEWIRE_AMQP_URL, and so on.

    None of the variables of whoever runs the tests is seen.
    """
    others = {name: None for name in os.environ if name.startswith("FORGEWIRE_")}
    ours = {"DATA_DIR": "/nonexistent"} | settings
    environ = {f"FORGEWIRE_{name}": str(value) for name, value in ours.items()}
    runner = CliRunner(env=others | {"FORCE_COLOR": None} | environ)
    with _logging_as_before():
        return runner.invoke(main, list(map(str, arguments)), catch_exceptions=False)


def run_json(*arguments, **settings):
    """Run a command with --json, and return what it printed as a value."""
    return json.loads(run(*arguments, "--json", **settings).stdout)


def row(stdout, *words):
    """The cells of the first line that has all these words in it."""
    lines = [line for line in stdout.splitlines() if all(it in line for it in words)]
    return lines[0].split()


@contextlib.contextmanager
def _logging_as_before():
    # Commands quieten the logs of their whole process, which here is the tests'.
    root, ours = logging.getLogger(), logging.getLogger(logs.ROOT)
    handlers, levels = root.handlers[:], (root.level, ours.level)
    try:
        yield
    finally:
        root.handlers[:] = handlers
        root.setLevel(levels[0])
        ours.setLevel(levels[1])
        structlog.reset_defaults()
