"""`forgewire ingest` and `forgewire worker`: one process in the foreground."""

import os
import sys

import click


@click.command("ingest")
def ingest() -> None:
    """Run a receiver until SIGTERM; the environment sets everything."""
    _become("ingest")


@click.command("worker")
def worker() -> None:
    """Run a worker until SIGTERM; the environment sets everything."""
    _become("workers")


def _become(module: str) -> None:
    # The process itself, not a child: signals and exit codes need no forwarding.
    sys.stdout.flush()
    os.execv(sys.executable, [sys.executable, "-m", module])  # noqa: S606 - no shell
