"""Read one document for its page: itself, its kin, and the deliveries about it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from api.console.entities import listing, names
from api.console.entities.kinds import KINDS, RESOURCE_OF, Kin, Kind
from api.console.entities.names import Names
from api.resources.reader import Reader
from api.services import Services
from state import deliveries
from state.client import limited
from state.deliveries import Wanted

#: So many of each kind of kin, and so many deliveries, are shown; a link has the rest.
KIN_SHOWN, DELIVERIES_SHOWN = 10, 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Related:
    """Some documents of another kind that belong to this one."""

    kin: Kin
    kind: Kind
    rows: Sequence[Mapping[str, Any]]
    has_more: bool
    url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Entity:
    """A document, and what there is about it."""

    name: str
    kind: Kind
    document: Mapping[str, Any]
    related: Sequence[Related]
    history: Sequence[Mapping[str, Any]]
    history_url: str
    names: Names

    @property
    def title(self) -> str:
        """Return what people call it; its id if nobody told."""
        return str(self.document.get(self.kind.title) or self.document["id"])


def read(services: Services, reader: Reader, name: str, doc_id: str) -> Entity:
    """Return a document, a deleted one too; raise Refused if there is none."""
    resource, kind = RESOURCE_OF[name], KINDS[name]
    found = reader.document(resource, doc_id, {"state": "all"})
    document = _ordered(kind, listing.with_times(resource, found))
    source, _, host_id = doc_id.partition(":")
    related = [
        _related(reader, kin, source, held)
        for kin in kind.kin
        if (held := document.get(kin.of or kind.number))
    ]
    entity = f"{resource.collection}/{host_id}"
    about = {"entity": entity, "source": source}
    rows = [document, *(row for one in related for row in one.rows)]
    return Entity(
        name=name,
        kind=kind,
        document=document,
        related=related,
        history=_history(services, source, entity),
        history_url=f"/console/deliveries?{urlencode(about)}",
        names=names.of(services, rows),
    )


def _ordered(kind: Kind, document: Mapping[str, Any]) -> dict[str, Any]:
    """Return the document with what people know it by first."""
    first = [it.field for it in kind.columns if it.field in document]
    return {name: document[name] for name in dict.fromkeys([*first, *document])}


def _related(reader: Reader, kin: Kin, source: str, held: int | str) -> Related:
    resource = RESOURCE_OF[kin.kind]
    told = {kin.by: held, "source": source}
    found = reader.rows(resource, {**told, "limit": KIN_SHOWN})
    return Related(
        kin=kin,
        kind=KINDS[kin.kind],
        rows=listing.shown(resource, found),
        has_more=found.cursor is not None,
        url=f"/console/state/{kin.kind}?{urlencode(told)}",
    )


def _history(services: Services, source: str, entity: str) -> list[dict[str, Any]]:
    wanted = Wanted(sources=[source], entities=[entity])
    with limited(services.settings.access.seconds):
        return deliveries.read(services.db, wanted, limit=DELIVERIES_SHOWN).rows
