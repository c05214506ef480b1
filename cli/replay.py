"""`forgewire dead-letters replay`: send dead letters again, once what was wrong is."""

import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager

import click

from broker.holding import Holding
from broker.publisher import Publisher
from broker.replay import Pace
from broker.topology import Topology
from cli import connect
from cli.letters import miss, print_letters
from cli.options import examples, json_option
from cli.output import print_json, progress
from cli.selection import selecting
from config.settings import Settings
from handlers.registry import load
from operations.replaying import Report, checked, send
from operations.selection import Selection
from schemas.errors import BrokerUnavailable

#: How long the first connection may take, in seconds.
CONNECT_SECONDS = 15.0


@click.command(
    "replay",
    epilog=examples(
        "forgewire dead-letters replay --dry-run",
        "forgewire dead-letters replay 3d3f3b0e-6a35-4c0e-9a52-7b0c2f1f7a11",
        "forgewire dead-letters replay --handler handlers.users.save --rate 500",
    ),
)
@selecting
@click.option("--dry-run", is_flag=True, help="Say what would be sent, and send none.")
@click.option(
    "--rate",
    type=click.FloatRange(min=0, min_open=True),
    default=100.0,
    show_default=True,
    help="Send no more than so many per second.",
)
@json_option
def command(*, selection: Selection, dry_run: bool, rate: float, as_json: bool) -> None:
    """Send dead letters to the workers again: all, or those that are named.

    Each is first decided by its handler, as a worker would. What would be rejected
    again stays where it is and is listed with the reason; then the exit code is 1. The
    others leave the dead letters once RabbitMQ has confirmed them. Doing it twice
    changes nothing: a worker knows what it has applied.
    """
    settings = connect.settings()
    report = Report(is_dry_run=dry_run)
    topology = Topology(settings.amqp_prefix)
    with closing(Holding(settings.amqp_url, topology)) as holding:
        letters = progress(holding.letters(), total=len(holding), what="replaying")
        chosen = (held for held in letters if selection.takes(held.letter))
        good = checked(chosen, load(settings.handler_packages), report)
        if dry_run:
            report.replayed += [told for told, _ in good]
        else:
            with _publisher(settings) as publisher, interrupted(report):
                send(good, holding, publisher.submit, Pace(rate).wait, report)
    _print(report, as_json=as_json)
    is_missed = miss(selection, report.replayed + report.refused)
    sys.exit(1 if report.refused or is_missed else 0)


@contextmanager
def _publisher(settings: Settings) -> Iterator[Publisher]:
    publisher = Publisher(
        settings.amqp_url,
        Topology(settings.amqp_prefix),
        name="forgewire replay",
        confirm_seconds=settings.confirm_seconds,
    )
    publisher.start()
    try:
        publisher.wait_connected(CONNECT_SECONDS)
        yield publisher
    finally:
        publisher.close(settings.confirm_seconds)


@contextmanager
def interrupted(report: Report) -> Iterator[None]:
    """Say how far it came when RabbitMQ goes away; the rest is in its place again."""
    try:
        yield
    except BrokerUnavailable:
        number = len(report.replayed)
        click.echo(f"{number} were sent again; run it again for the others", err=True)
        raise


def _print(report: Report, *, as_json: bool) -> None:
    if as_json:
        told = {"replayed": report.replayed, "refused": report.refused}
        print_json(told | {"dry_run": report.is_dry_run})
        return
    if report.is_dry_run and report.replayed:
        print_letters(report.replayed)
        click.echo()
    if report.refused:
        print_letters(report.refused, "problem")
        click.echo()
    would = "would be " if report.is_dry_run else ""
    click.echo(
        f"{would}sent again {len(report.replayed)}  "
        f"{would}left, being rejected again {len(report.refused)}"
    )
