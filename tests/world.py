"""Apply hooks of the simulated host to a real state, and read what it became."""

from collections.abc import Iterable, Sequence

import orjson

from broker.message import Message
from handlers.registry import load
from state.store import Store
from tests.gitlab import GitLab, Hook, expected
from workers.decide import decide

HANDLERS = load()
#: Counts the writes to a document, so it depends on how they were batched.
UNCOMPARED = {"rev": 0}
#: What accounts for events is not state.
UNCOMPARED_COLLECTIONS = {
    *("bodies", "deliveries", "migrations", "receivers", "suspects"),
}


def message(hook: Hook) -> Message:
    return Message(
        source="gitlab",
        event=hook.payload.get("event_name") or hook.payload["object_kind"],
        delivery_id=hook.delivery_id,
        receipt=f"test.{hook.delivery_id}",
        received_at=hook.received_at,
        body=orjson.dumps(hook.payload),
    )


def apply(store: Store, hooks: Iterable[Hook]) -> list[bool]:
    return store.apply([decide(message(hook), HANDLERS).decided for hook in hooks])


def apply_in_batches(store: Store, batches: Sequence[Sequence[Hook]]) -> None:
    for batch in batches:
        apply(store, batch)


def clear(db) -> None:
    for name in db.list_collection_names():
        db[name].delete_many({})


def documents(db) -> dict[str, dict]:
    """Everything that the state holds: by collection and `_id`."""
    names = sorted(set(db.list_collection_names()) - UNCOMPARED_COLLECTIONS)
    found = {
        name: {one["_id"]: one for one in db[name].find({}, UNCOMPARED)}
        for name in names
    }
    return {name: docs for name, docs in found.items() if docs}


def differences(host: GitLab, db) -> list[str]:
    """What is active in the state and should not be, or not, or otherwise."""
    found = []
    for name, wanted in expected(host).items():
        active = {
            one["_id"].removeprefix("gitlab:"): one
            for one in db[name].find({"state": "active"})
        }
        found += [f"{name} {id_} must not be" for id_ in active.keys() - wanted.keys()]
        found += [f"{name} {id_} is missing" for id_ in wanted.keys() - active.keys()]
        found += [
            f"{name} {id_} {field}: {active[id_].get(field)!r} instead of {value!r}"
            for id_ in active.keys() & wanted.keys()
            for field, value in wanted[id_].items()
            if active[id_].get(field) != value
        ]
    return found
