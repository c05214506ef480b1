"""`forgewire check-config`: check the settings, and that the servers answer."""

import sys

import click

from broker.dead_letters import count
from broker.topology import Topology
from cli import connect
from cli.output import json_option, print_json, print_table
from config.settings import Settings, SettingsError
from handlers.registry import load
from schemas.errors import ForgewireError
from state.client import translated


@click.command("check-config")
@click.option("--offline", is_flag=True, help="Do not ask the servers.")
@json_option
def command(*, offline: bool, as_json: bool) -> None:
    """Check settings, handlers and servers; exit 1 if something is wrong."""
    settings = connect.settings()
    checks = {"secrets": _secrets(settings), "handlers": _handlers()}
    if not offline:
        checks |= {"RabbitMQ": _broker(settings), "MongoDB": _mongodb()}
    if as_json:
        print_json({name: problem or "ok" for name, problem in checks.items()})
    else:
        rows = [(name, problem or "ok") for name, problem in checks.items()]
        print_table("Configuration", ("check", "result"), rows)
    sys.exit(1 if any(checks.values()) else 0)


def _secrets(settings: Settings) -> str | None:
    try:
        settings.require_secrets()
    except SettingsError as exc:
        return str(exc)
    return None


def _handlers() -> str | None:
    try:
        load()
    except ForgewireError as exc:
        return str(exc)
    return None


def _broker(settings: Settings) -> str | None:
    try:
        count(settings.amqp_url, Topology(settings.amqp_prefix))
    except ForgewireError as exc:
        return f"{exc}: check FORGEWIRE_AMQP_URL"
    return None


def _mongodb() -> str | None:
    try:
        with connect.database() as db, translated():
            is_primary = db.command("hello").get("isWritablePrimary")
    except ForgewireError as exc:
        return f"{exc}: check FORGEWIRE_MONGODB_URL"
    return None if is_primary else "it has no primary: check the replica set"
