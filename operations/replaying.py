"""Send dead letters to the workers again, if a worker would not reject them again."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from broker.confirm import Confirm
from broker.holding import HeldLetter, Holding
from broker.message import Message
from broker.replay import Outgoing, replay
from handlers.registry import Handler
from operations.letters import summary
from schemas.errors import Rejected
from workers.decide import decide

#: The summary of a letter, and what is to be sent.
Good: TypeAlias = tuple[dict[str, Any], Outgoing]


class HandlerMissing(Rejected):
    """Raised when the handler that a letter names is not installed here."""

    reason = "handler-missing"


@dataclass(slots=True)
class Report:
    """What was or would be sent, and what was not; as summaries."""

    is_dry_run: bool
    replayed: list[dict[str, Any]] = field(default_factory=list)
    refused: list[dict[str, Any]] = field(default_factory=list)


def checked(
    chosen: Iterable[HeldLetter], handlers: Mapping[str, Handler], report: Report
) -> Iterator[Good]:
    """Yield what a worker would not reject, and report the others."""
    for held in chosen:
        told = summary(held.letter)
        try:
            message = _decided(held, handlers)
        except Rejected as exc:
            report.refused.append(told | _problem(exc.reason, exc))
        else:
            yield told, Outgoing(held.tag, message)


def send(
    good: Iterable[Good],
    holding: Holding,
    submit: Callable[[Message], Confirm],
    wait: Callable[[], None],
    report: Report,
) -> None:
    """Send in order; each leaves the dead letters once RabbitMQ has confirmed it.

    `wait` returns when the next one may go. Raise a BrokerUnavailable if RabbitMQ goes
    away: what is reported by then was sent, and the rest is in its place.
    """
    told_by_tag: dict[int, dict[str, Any]] = {}

    def outgoing() -> Iterator[Outgoing]:
        for told, out in good:
            told_by_tag[out.tag] = told
            yield out

    for sent in replay(
        outgoing(), send=submit, remove=lambda tag: holding.remove([tag]), wait=wait
    ):
        told = told_by_tag.pop(sent.tag)
        if sent.problem is None:
            report.replayed.append(told)
        else:
            report.refused.append(told | _problem("unsendable", sent.problem))
    holding.settle()


def _decided(held: HeldLetter, handlers: Mapping[str, Handler]) -> Message:
    message = held.again()
    decide(message, handlers)
    # A worker would note it as ignored, and it would be gone.
    if held.letter.handler and message.event not in handlers:
        raise HandlerMissing(f"{held.letter.handler} is not installed here")
    return message


def _problem(reason: str, error: Exception) -> dict[str, Any]:
    return {"refused_for": reason, "problem": str(error)}
