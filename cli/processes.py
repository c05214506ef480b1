"""`forgewire ingest`, `worker`, `reactor`, `api`: one process in the foreground."""

import os
import sys

import click

from cli.options import examples


@click.command(
    "ingest",
    epilog=examples(
        "export FORGEWIRE_GITLAB_TOKENS_FILE=/run/secrets/gitlab-tokens",
        "forgewire ingest",
    ),
)
def ingest() -> None:
    """Run a receiver until SIGTERM; the environment sets everything.

    It listens on FORGEWIRE_INGEST_BIND, publishes to FORGEWIRE_AMQP_URL, and does not
    start without FORGEWIRE_GITLAB_TOKENS or FORGEWIRE_GITLAB_SIGNING_TOKENS.
    """
    _become("ingest")


@click.command("worker", epilog=examples("FORGEWIRE_TEAM=developers forgewire worker"))
def worker() -> None:
    """Run a worker until SIGTERM; the environment sets everything.

    It takes events from FORGEWIRE_AMQP_URL, writes to FORGEWIRE_MONGODB_URL, and
    tells its health and metrics on FORGEWIRE_WORKER_BIND.
    """
    _become("workers")


@click.command(
    "reactor", epilog=examples("FORGEWIRE_HANDLER_PACKAGES=badges forgewire reactor")
)
def reactor() -> None:
    """Run reactions until SIGTERM; the environment sets everything.

    It takes from FORGEWIRE_AMQP_URL what workers found to have changed, runs the
    reactions of FORGEWIRE_HANDLER_PACKAGES, and tells its health and metrics on
    FORGEWIRE_REACTOR_BIND.
    """
    _become("reactions")


@click.command("api", epilog=examples("forgewire keys generate", "forgewire api"))
def api() -> None:
    """Run the API until SIGTERM; the environment sets everything.

    It listens on FORGEWIRE_API_BIND, reads FORGEWIRE_MONGODB_URL, looks after what is
    in FORGEWIRE_AMQP_URL, and does not start without the keys in
    FORGEWIRE_JWT_KEYS_PATH. Its document is at /apidocs.
    """
    _become("api")


def _become(module: str) -> None:
    # The process itself, not a child: signals and exit codes need no forwarding. With
    # -P no folder here that happens to be called `config` is taken for ours.
    sys.stdout.flush()
    command = [sys.executable, "-P", "-m", module]
    os.execv(command[0], command)  # noqa: S606 - no shell
