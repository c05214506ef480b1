"""Sort out a batch: what is new, what came before, and what is none of ours."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from broker.delivery import Delivery
from broker.message import Message
from schemas.errors import Rejected, Undecodable
from state.ledger import Known, Ledger


@dataclass(frozen=True, slots=True)
class Reject:
    """A delivery that can never be applied, and why."""

    delivery: Delivery
    error: Rejected
    #: The dotted name of the handler of its event.
    handler: str | None = None


@dataclass(frozen=True, slots=True)
class Item:
    """A delivery with its message."""

    delivery: Delivery
    message: Message
    #: Whether it was a dead letter, and is sent once more.
    is_replay: bool = False

    @property
    def key(self) -> str:
        """Return the key of its row in the ledger."""
        return f"{self.message.source}:{self.message.delivery_id}"

    @property
    def attempt_key(self) -> str:
        """Return a key that is another one when it is accepted or sent once more."""
        return f"{self.key}#{self.message.receipt}.{self.message.attempt}"


def opened(batch: Iterable[Delivery]) -> tuple[list[Item], list[Reject]]:
    """Return the messages, and what is none of ours."""
    items, foreign = [], []
    for delivery in batch:
        try:
            items.append(Item(delivery, delivery.message()))
        except Undecodable as exc:
            foreign.append(Reject(delivery, exc))
    return items, foreign


def sorted_out(items: Sequence[Item], ledger: Ledger) -> tuple[list[Item], list[Item]]:
    """Return what is new or was dead, and what the host delivered before.

    What the ledger holds under the same receipt is neither: the broker gave it to us
    again because its acknowledgement was lost.
    """
    known = ledger.known(item.key for item in items)
    fresh, repeated = [], []
    for item in items:
        before, message = known.get(item.key), item.message
        is_replay = before is not None and before.is_replayed_by(
            message.receipt, message.attempt
        )
        if before is None or is_replay:
            known[item.key] = Known(message.receipt)
            fresh.append(replace(item, is_replay=is_replay))
        elif before.receipt != message.receipt:
            repeated.append(item)
    return fresh, repeated
