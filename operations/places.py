"""See what is accepted, and where it is, other than in the ledger."""

import sys
from collections.abc import Iterable, Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from broker import dead_letters
from broker.browser import ANSWER_SECONDS, Browser
from broker.topology import Topology
from config.settings import Settings
from ingest import tally
from ingest.spool import survey
from operations.deadline import Deadline
from schemas.errors import ForgewireError
from state.audit import Sighting
from state.numbering import Tally


class SpoolUnreadable(ForgewireError):
    """Raised when the folder of the spool, or a file in it, cannot be worked on."""


@dataclass(frozen=True, slots=True)
class Places:
    """What was seen elsewhere than in the ledger."""

    #: What receivers of this machine accepted, by their starts.
    tallies: Mapping[str, Tally]
    queued: int
    letters: tuple[Sighting, ...]
    #: None if there is no spool folder on this machine.
    spooled: tuple[Sighting, ...] | None


def look(
    settings: Settings,
    *,
    answer_seconds: float = ANSWER_SECONDS,
    deadline: Deadline | None = None,
) -> Places:
    """Return what is elsewhere now; RabbitMQ may take so long for each answer.

    Events go from the tally to the spool to the queue to the dead letters; looked at in
    this order, and the ledger after that, none is missed that moves on meanwhile. Raise
    SpoolUnreadable, a BrokerUnavailable, or TookTooLong after the deadline.
    """
    deadline = deadline or Deadline.never()
    tallies = tally.read(settings.spool_dir)
    in_spool = spooled(settings.spool_dir, deadline)
    topology = Topology(settings.amqp_prefix)
    browser = Browser(
        settings.amqp_url,
        topology,
        name="forgewire audit",
        answer_seconds=answer_seconds,
    )
    with closing(browser):
        queued = browser.count(topology.events)
    letters = dead_letters.read(
        settings.amqp_url, topology, sys.maxsize, answer_seconds=answer_seconds
    )
    with closing(letters):
        return Places(tallies, queued, _sightings(letters, deadline), in_spool)


def spooled(folder: Path, deadline: Deadline) -> tuple[Sighting, ...] | None:
    """Return what waits in the spool, or None if there is none on this machine.

    Raise SpoolUnreadable, or TookTooLong after the deadline.
    """
    if not folder.is_dir():
        return None
    try:
        return _sightings(survey.messages(folder), deadline)
    except OSError as exc:
        raise SpoolUnreadable(f"{folder} cannot be read: {exc.strerror}") from exc


def _sightings(found: Iterable[Any], deadline: Deadline) -> tuple[Sighting, ...]:
    return tuple(
        Sighting(it.source, it.event, it.delivery_id, it.receipt)
        for it in deadline.watched(found)
    )
