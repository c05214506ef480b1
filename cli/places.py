"""See what is accepted, and where it is, other than in the ledger."""

import sys
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from broker import dead_letters
from broker.browser import Browser
from broker.topology import Topology
from cli.explain import Failure
from config.settings import Settings
from ingest import tally
from ingest.spool import survey
from state.audit import Sighting
from state.numbering import Tally


@dataclass(frozen=True, slots=True)
class Places:
    """What was seen elsewhere than in the ledger."""

    #: What receivers of this machine accepted, by their starts.
    tallies: Mapping[str, Tally]
    queued: int
    letters: tuple[Sighting, ...]
    #: None if there is no spool folder on this machine.
    spooled: tuple[Sighting, ...] | None


def look(settings: Settings) -> Places:
    """Return what is elsewhere now; raise Failure if the spool cannot be read.

    Events go from the tally to the spool to the queue to the dead letters; looked at in
    this order, and the ledger after that, none is missed that moves on meanwhile.
    """
    tallies = tally.read(settings.spool_dir)
    spooled = _spooled(settings.spool_dir)
    topology = Topology(settings.amqp_prefix)
    browser = Browser(settings.amqp_url, topology, name="forgewire audit")
    with closing(browser):
        queued = browser.count(topology.events)
    letters = dead_letters.read(settings.amqp_url, topology, sys.maxsize)
    with closing(letters):
        return Places(tallies, queued, tuple(map(_sighting, letters)), spooled)


def _spooled(folder: Path) -> tuple[Sighting, ...] | None:
    if not folder.is_dir():
        return None
    try:
        return tuple(map(_sighting, survey.messages(folder)))
    except OSError as exc:
        raise Failure(f"{folder} cannot be read: {exc.strerror}") from exc


def _sighting(it: Any) -> Sighting:
    return Sighting(it.source, it.event, it.delivery_id, it.receipt)
