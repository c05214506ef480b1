"""`forgewire console`: a link that opens the console of a running `forgewire up`."""

import os
import time
from pathlib import Path

import click

from api import once
from cli import connect
from cli.options import json_option
from cli.output import print_json


@click.command("console")
@json_option
def command(*, as_json: bool) -> None:
    """Print a link that signs a browser in as an admin: once, within ten minutes.

    It needs a `forgewire up` that runs in this folder, and a browser on this machine.
    """
    stack = connect.running_stack(os.environ)
    if "api" not in stack:
        raise click.ClickException(
            "no `forgewire up` runs in this folder; elsewhere people sign in at "
            "/console/sign-in of the API"
        )
    found = link(str(stack["api"]), connect.settings().data_dir)
    if as_json:
        print_json({"url": found, "good_seconds": once.GOOD_SECONDS})
    else:
        click.echo(found)


def link(api_url: str, data_dir: Path) -> str:
    """Return a fresh link to the API that has that data folder."""
    try:
        code = once.make(data_dir, time.time())
    except OSError as exc:
        raise click.ClickException(f"{data_dir}: {exc.strerror}") from exc
    return f"{api_url}/console/enter/{code}"
