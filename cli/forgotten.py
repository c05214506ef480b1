"""Tell what `forgewire forget` did, and what is left for somebody to see to."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cli.about import Found
from cli.spooled import Holding
from cli.waiting import UnderWay
from state.person import Person


@dataclass(slots=True)
class Report:
    """What was or would be done, and what remains."""

    person: Person
    folder: Path
    is_dry_run: bool
    letters: Found = field(default_factory=Found)
    #: Documents of the state that still tell of the user.
    remains: list[str] = field(default_factory=list)
    #: What waits, or is on its way to the workers.
    under_way: UnderWay = field(default_factory=UnderWay)
    #: Bodies about the user that were kept beside the ledger.
    bodies: int = 0
    #: Events about the user in files that a receiver set aside.
    erased: int = 0
    #: Such files with bytes that nobody can read, and that are kept.
    damaged: list[Holding] = field(default_factory=list)
    #: Such files of which these bytes were or would be deleted.
    deleted: list[Holding] = field(default_factory=list)

    @property
    def is_clean(self) -> bool:
        """Return whether nothing is left for somebody to see to."""
        left = self.remains or self.damaged or self.letters.unreadable
        return not left and (self.is_dry_run or not self.spooled_or_queued)

    @property
    def spooled_or_queued(self) -> bool:
        """Return whether something may still become a dead letter."""
        left = self.under_way
        return bool(left.files or left.sent or left.queued)

    @property
    def as_json(self) -> dict[str, Any]:
        """Return it for programs."""
        return {
            "user_id": self.person.user_id,
            "source": self.person.source,
            "dropped": [one.told for one in self.letters.doomed],
            "unreadable": self.letters.unreadable,
            "remains": self.remains,
            "spooled": events_in(self.under_way.files),
            "sent": self.under_way.sent,
            "queued": self.under_way.queued,
            "bodies": self.bodies,
            "erased": self.erased,
            "unreadable_bytes": _bytes([*self.under_way.files, *self.damaged]),
            "deleted_bytes": _bytes(self.deleted),
            "dry_run": self.is_dry_run,
        }

    def lines(self) -> Iterator[str]:
        """Yield what a person is to read, with what to do next."""
        would = "would be " if self.is_dry_run else ""
        yield f"dead letters {would}dropped {len(self.letters.doomed)}"
        yield f"kept bodies {would}erased {self.bodies}"
        yield f"{would}erased in files that were set aside {self.erased}"
        if self.letters.unreadable:
            yield _LETTERS.format(number=self.letters.unreadable)
        for document in self.remains:
            yield f"the state still tells of the user: {document}"
        for file in self.deleted:
            yield f"{would}deleted in {file.path.name}: {file.unreadable} bytes"
        for file in self.damaged:
            yield _DAMAGED.format(name=file.path.name, number=file.unreadable)
        yield from _waiting(self.under_way, self.folder)
        if self.spooled_or_queued and not self.is_dry_run:
            yield _AGAIN
        yield _ELSEWHERE


def _bytes(files: Sequence[Holding]) -> dict[str, int]:
    return {one.path.name: one.unreadable for one in files if one.unreadable}


def events_in(files: Sequence[Holding]) -> int:
    """Return how many events about the person are in `files`."""
    return sum(len(file.events) for file in files)


def _waiting(left: UnderWay, folder: Path) -> Iterator[str]:
    yield f"waiting in the spool of this machine {events_in(left.files)}"
    for file in left.files:
        if file.unreadable:
            yield _UNREAD.format(name=file.path.name, number=file.unreadable)
    orphans = sum(file.is_orphan for file in left.files)
    if orphans:
        yield _ORPHANS.format(number=orphans, folder=folder)
    if orphans < len(left.files):
        yield _OWNED
    if left.sent:
        yield f"sent from there, and not in the ledger yet {left.sent}"
    yield f"waiting in the queue, about anybody {left.queued}"


_LETTERS = (
    "dead letters that cannot be read {number}: they may be about anybody; "
    "see forgewire dead-letters list --reason undecodable"
)
_DAMAGED = (
    "cannot be read in {name}: {number} bytes, which may be about anybody; "
    "--delete-unreadable deletes them"
)
_UNREAD = (
    "cannot be read in {name}: {number} bytes; it is set aside when the rest is sent"
)
_ORPHANS = (
    "no receiver runs here that has {number} of these files: start one, with "
    "FORGEWIRE_SPOOL_DIR={folder}"
)
_OWNED = (
    "a receiver has them and RabbitMQ does not take them: is it blocked or full? "
    "See /readyz of the receiver, and rabbitmqctl status"
)
_AGAIN = (
    "NOT done: what waits may become a dead letter. Does a worker run, and is its "
    "/readyz good? Run this again when it is through."
)
_ELSEWHERE = "Run this on each machine that has a receiver, for its spool."
