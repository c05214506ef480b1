"""The `forgewire` command: its subcommands, each loaded when it is asked for."""

from importlib import import_module
from importlib.metadata import version

import click

#: Where each subcommand stands; loading all of them would make `--help` slow.
COMMANDS = {
    "up": ("cli.up", "command"),
    "demo": ("cli.demo", "command"),
    "ingest": ("cli.processes", "ingest"),
    "worker": ("cli.processes", "worker"),
    "send": ("cli.send", "command"),
    "handlers": ("cli.handlers", "command"),
    "state": ("cli.state", "group"),
    "deliveries": ("cli.deliveries", "group"),
    "dead-letters": ("cli.dead_letters", "group"),
    "audit": ("cli.audit", "command"),
    "check-config": ("cli.check_config", "command"),
}


class _Commands(click.Group):
    def list_commands(self, _: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, _: click.Context, name: str) -> click.Command | None:
        if name not in COMMANDS:
            return None
        module, attribute = COMMANDS[name]
        command = getattr(import_module(module), attribute)
        return command if isinstance(command, click.Command) else None


@click.command(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(version("forgewire"), prog_name="forgewire")
def main() -> None:
    """Keep users, projects, groups and memberships in step with a Git host.

    Forgewire listens to the host's system hooks. Start with `forgewire up`, which runs
    everything on this machine, and `forgewire send tests/samples`. The environment
    sets all there is to set (FORGEWIRE_…, see .env.example); commands that need a
    server find the one of a `forgewire up` that runs in the same folder.
    """
