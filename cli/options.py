"""Options and words of help that several commands share."""

import click

from config.settings import DEFAULT_SOURCE

json_option = click.option(
    "--json", "as_json", is_flag=True, help="Print JSON, for programs."
)
source_option = click.option(
    "--source",
    metavar="NAME",
    default=DEFAULT_SOURCE,
    show_default=True,
    help="The Git host, as FORGEWIRE_CONFIG calls it.",
)


def examples(*lines: str) -> str:
    """Return the end of a command's help: `lines`, which click leaves as they are."""
    return "\n".join(["\b", "Examples:", *(f"  {line}" for line in lines)])
