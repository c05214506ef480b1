"""The `forgewire` command: its subcommands, each loaded when it is asked for."""

from importlib import import_module
from importlib.metadata import version
from typing import Any, NamedTuple

import click


class Place(NamedTuple):
    """Where a subcommand is defined, and what it does, in a few words."""

    module: str
    attribute: str
    does: str


#: Told here, so that `--help` loads none of them.
COMMANDS = {
    "up": Place("cli.up", "command", "Run everything on this machine, until Ctrl-C."),
    "demo": Place("cli.demo", "command", "Show samples become state, and stop."),
    "ingest": Place("cli.processes", "ingest", "Run a receiver."),
    "worker": Place("cli.processes", "worker", "Run a worker."),
    "reactor": Place("cli.processes", "reactor", "Run what reacts to changes."),
    "api": Place("cli.processes", "api", "Run the API."),
    "console": Place(
        "cli.console", "command", "Print a link that opens the console, once."
    ),
    "try": Place("cli.try_out", "command", "Show what an event would change."),
    "send": Place("cli.send", "command", "Deliver events as the host would."),
    "state": Place("cli.state", "group", "Show what is known of a user, project, …"),
    "deliveries": Place("cli.deliveries", "group", "Show what became of a delivery."),
    "dead-letters": Place(
        "cli.dead_letters", "group", "Look after events that could not be applied."
    ),
    "forget": Place("cli.forget", "command", "Remove what is left of a gone user."),
    "audit": Place("cli.audit", "command", "Check that no delivery was lost."),
    "user": Place("cli.user", "group", "Decide who may do what."),
    "token": Place("cli.token", "group", "Hand out tokens of the API, revoke them."),
    "keys": Place("cli.keys", "group", "Make and change the keys that sign tokens."),
    "new": Place("cli.new", "group", "Write a handler with schema, samples and test."),
    "handlers": Place("cli.handlers", "command", "List which function decides what."),
    "export": Place("cli.export", "group", "Write contracts for others, check them."),
    "check-config": Place(
        "cli.check_config", "command", "Check settings, keys, spool and servers."
    ),
}


class _Commands(click.Group):
    def list_commands(self, _: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, _: click.Context, name: str) -> click.Command | None:
        if name not in COMMANDS:
            return None
        place = COMMANDS[name]
        command = getattr(import_module(place.module), place.attribute)
        return command if isinstance(command, click.Command) else None

    def format_commands(self, _: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, it.does) for name, it in COMMANDS.items()])

    def invoke(self, ctx: click.Context) -> Any:
        # Loaded here, because `--help` does without the settings and the servers.
        with import_module("cli.explain").explained():
            return super().invoke(ctx)


@click.command(
    cls=_Commands,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="\b\nTo see it work, in two terminals but one folder:\n"
    "  forgewire up\n  forgewire send tests/samples",
)
@click.version_option(version("forgewire"), prog_name="forgewire")
def main() -> None:
    """Keep users, projects, groups and memberships in step with a Git host.

    Forgewire listens to the host's system hooks and keeps what they tell in MongoDB.

    All settings come from the environment (FORGEWIRE_…, see .env.example). Commands
    that look at a server take the one that FORGEWIRE_AMQP_URL or FORGEWIRE_MONGODB_URL
    names, else that of the `forgewire up` which runs in this folder.

    Exit codes: 0 yes or done; 1 no: not found, refused, not balanced; 2 the command
    could not do its work: wrong usage or settings, or a server is away.
    """
