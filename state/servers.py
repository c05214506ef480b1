"""Ask MongoDB how it is: who is in its replica set, connections, cache."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pymongo import ReadPreference
from pymongo.errors import OperationFailure

from state.client import limited, translated
from state.documents import Db

#: What MongoDB may take to answer, in seconds.
ANSWER_SECONDS = 2.0
#: What the driver calls a server, and what we do. It tries to reach those it knows of.
_STATES = {
    "RSPrimary": "primary",
    "RSSecondary": "secondary",
    "RSArbiter": "arbiter",
    "Unknown": "unreachable",
}
STATES = (*_STATES.values(), "other")
#: Types of servers that take writes, also of those that are in no replica set.
_WRITABLE = frozenset({"RSPrimary", "Standalone", "Mongos", "LoadBalancer"})
#: Of what the server tells of itself, all that is not needed and is left out.
_LEFT_OUT = dict.fromkeys(("metrics", "locks", "repl", "tcmalloc", "transactions"), 0)


@dataclass(frozen=True, slots=True)
class Servers:
    """How they are at a moment, as far as they tell a user with our rights."""

    has_primary: bool
    #: How many members are in which state; each of `STATES` is there.
    members: Mapping[str, int]
    #: Of the primary, or else of another: "current" and "available".
    connections: Mapping[str, int]
    #: Of the same one; None if it does not tell.
    cache_bytes: int | None
    cache_max_bytes: int | None


def look(db: Db) -> Servers:
    """Return how the servers are; raise StateUnavailable if none answers."""
    with limited(ANSWER_SECONDS), translated():
        status = _status(db)
        told = db.client.topology_description.server_descriptions().values()
    cache = status.get("wiredTiger", {}).get("cache", {})
    kinds = [it.server_type_name for it in told]
    found = Counter(_STATES.get(kind, "other") for kind in kinds)
    return Servers(
        has_primary=not _WRITABLE.isdisjoint(kinds),
        members={state: found[state] for state in STATES},
        connections=_connections(status),
        cache_bytes=cache.get("bytes currently in the cache"),
        cache_max_bytes=cache.get("maximum bytes configured"),
    )


def _status(db: Db) -> Mapping[str, Any]:
    """Return what a server says of itself, or nothing if we may not ask that."""
    any_one = ReadPreference.PRIMARY_PREFERRED
    admin = db.client.admin
    admin.command("ping", read_preference=any_one)
    try:
        return admin.command({"serverStatus": 1, **_LEFT_OUT}, read_preference=any_one)
    except OperationFailure:
        return {}


def _connections(status: Mapping[str, Any]) -> dict[str, int]:
    told = status.get("connections", {})
    return {it: int(told[it]) for it in ("current", "available") if it in told}
