"""Say what is to be written down for reactions, and whom a transition calls; pure."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict
from typing import Any

import orjson

from broker.call import Call
from handlers.reacting import Reaction, Transition
from state.outbox import Left, Watch, Watched


def watched_by(reactions: Iterable[Reaction]) -> Watched:
    """Return which transitions are to be written down for these reactions."""
    watches: dict[str, list[Watch]] = {}
    for it in reactions:
        watches.setdefault(it.collection, []).append(_watch(it))
    return watches


def calls(left: Left, reactions: Iterable[Reaction]) -> list[Call]:
    """Return the calls that a transition makes, one for each reaction that wants it."""
    return [
        _call(left, it)
        for it in reactions
        if it.collection == left.collection
        and _watch(it).wants(left.kind, left.changed)
    ]


def _watch(reaction: Reaction) -> Watch:
    return Watch(reaction.kinds, reaction.fields)


def _call(left: Left, reaction: Reaction) -> Call:
    key = f"{left.collection}/{left.doc_id}@{left.rev}#{reaction.name}"
    text = left.doc_id.removeprefix(f"{left.source}:")
    transition = Transition(
        collection=left.collection,
        id=int(text) if text.isdecimal() and text == str(int(text)) else text,
        kind=left.kind,
        source=left.source,
        before=_of(left.before, reaction),
        after=_of(left.after, reaction),
        changed_fields=left.changed,
        key=key,
    )
    body = orjson.dumps(asdict(transition), default=str, option=orjson.OPT_UTC_Z)
    return Call(reaction.name, key, f"{left.collection}.{left.kind}", body)


def _of(shown: Mapping[str, Any], reaction: Reaction) -> dict[str, Any]:
    return {name: it for name, it in shown.items() if name in reaction.fields}
