"""Find what people call the documents that rows refer to by number."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

from api.console.entities.kinds import LEADS_TO, NAMED_BY
from api.services import Services
from state import query
from state.documents import key

#: The name of each document that is referred to, by its kind and `_id`.
Names = Mapping[tuple[str, str], str]


def of(services: Services, rows: Iterable[Mapping[str, Any]]) -> Names:
    """Return the names of all that `rows` refer to, by one query for each kind."""
    wanted: dict[str, set[str]] = defaultdict(set)
    for row in rows:
        for field, kind in LEADS_TO.items():
            if row.get(field) is not None:
                wanted[kind].add(key(_source(row), row[field]))
    seconds = services.settings.access.seconds
    return {
        (kind, it["_id"]): it[NAMED_BY[kind]]
        for kind, ids in wanted.items()
        for it in query.several(
            services.db, kind, sorted(ids), ["_id", NAMED_BY[kind]], seconds
        )
        if it.get(NAMED_BY[kind])
    }


def _source(row: Mapping[str, Any]) -> str:
    return str(row.get("source") or str(row["id"]).partition(":")[0])
