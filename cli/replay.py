"""`forgewire dead-letters replay`: send dead letters again, once what was wrong is."""

import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from typing import Any

import click

from broker.holding import HeldLetter, Holding
from broker.message import Message
from broker.publisher import Publisher
from broker.replay import Outgoing, Pace, replay
from broker.topology import Topology
from cli import connect
from cli.letters import miss, print_letters, summary
from cli.options import examples, json_option
from cli.output import print_json, progress
from cli.selection import Selection, selecting
from config.settings import Settings
from handlers.registry import Handler, load
from schemas.errors import BrokerUnavailable, Rejected
from workers.decide import decide

#: How long the first connection may take, in seconds.
CONNECT_SECONDS = 15.0


class HandlerMissing(Rejected):
    """Raised when the handler that a letter names is not installed here."""

    reason = "handler-missing"


@dataclass(slots=True)
class Report:
    """What was or would be sent, and what was not; as summaries."""

    is_dry_run: bool
    replayed: list[dict[str, Any]] = field(default_factory=list)
    refused: list[dict[str, Any]] = field(default_factory=list)


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
        good = _checked(chosen, load(), report)
        if dry_run:
            report.replayed += [told for told, _ in good]
        else:
            _send(good, holding, settings, rate, report)
    _print(report, as_json=as_json)
    is_missed = miss(selection, report.replayed + report.refused)
    sys.exit(1 if report.refused or is_missed else 0)


def _checked(
    chosen: Iterable[HeldLetter], handlers: Mapping[str, Handler], report: Report
) -> Iterator[tuple[dict[str, Any], Outgoing]]:
    """Yield what a worker would not reject, and report the others."""
    for held in chosen:
        told = summary(held.letter)
        try:
            message = _decided(held, handlers)
        except Rejected as exc:
            report.refused.append(told | _problem(exc.reason, exc))
        else:
            yield told, Outgoing(held.tag, message)


def _decided(held: HeldLetter, handlers: Mapping[str, Handler]) -> Message:
    message = held.again()
    decide(message, handlers)
    # A worker would note it as ignored, and it would be gone.
    if held.letter.handler and message.event not in handlers:
        raise HandlerMissing(f"{held.letter.handler} is not installed here")
    return message


def _send(
    good: Iterator[tuple[dict[str, Any], Outgoing]],
    holding: Holding,
    settings: Settings,
    rate: float,
    report: Report,
) -> None:
    told_by_tag: dict[int, dict[str, Any]] = {}

    def outgoing() -> Iterator[Outgoing]:
        for told, out in good:
            told_by_tag[out.tag] = told
            yield out

    with _publisher(settings) as publisher, interrupted(report):
        for sent in replay(
            outgoing(),
            send=publisher.submit,
            remove=lambda tag: holding.remove([tag]),
            wait=Pace(rate).wait,
        ):
            told = told_by_tag.pop(sent.tag)
            if sent.problem is None:
                report.replayed.append(told)
            else:
                report.refused.append(told | _problem("unsendable", sent.problem))
        holding.settle()


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


def _problem(reason: str, error: Exception) -> dict[str, Any]:
    return {"refused_for": reason, "problem": str(error)}


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
