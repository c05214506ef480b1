"""Put events into other orders: what each means must stay, and what they all make."""

from collections.abc import Iterator, Mapping, Sequence
from random import Random
from typing import Any, Protocol

from handlers.changes import Change, Move
from handlers.kit.faults import Fault, Kind, changed_fields, difference, names
from handlers.kit.fresh import fresh
from handlers.kit.judging import Told
from handlers.registry import Handler

#: What a state holds, by collection and id: "badges/gitlab:7".
Documents = Mapping[str, Mapping[str, Any]]
#: How many events come in one go where they do not come one by one.
BATCH = 7


class State(Protocol):
    """The real state, as the contract asks for it."""

    def refuses(self, told: Told) -> str | None:
        """Return why the state would never take what `told` declares, or None."""

    def after(self, batches: Sequence[Sequence[tuple[int, Told]]]) -> Documents:
        """Return what an empty state holds once it has applied `batches`.

        The number of an event says when it was received, and which delivery it is.
        """


def remembering(
    handlers: Mapping[str, Handler], told: Sequence[Told]
) -> Iterator[Fault]:
    """Yield a fault for each handler whose decision depends on earlier ones."""
    alone = [_decided(fresh(_only(handlers, one.name)), one) for one in told]
    found: dict[str, Fault] = {}
    for order in orders(len(told)):
        anew = fresh(handlers)
        for place in order:
            one = told[place]
            differs = _differs(alone[place], anew, one)
            if differs:
                name = handlers[one.name].name
                detail = f"{differs} depends on what it decided before"
                found.setdefault(
                    name, Fault(Kind.ORDER_DEPENDENT, name, one.name, detail)
                )
    yield from found.values()


def applied(
    handlers: Mapping[str, Handler], told: Sequence[Told], state: State
) -> Iterator[Fault]:
    """Yield a fault for each handler whose changes end otherwise in another order."""
    numbered = list(enumerate(told))
    first = state.after([[one] for one in numbered])
    twice = state.after(_batches([one for one in numbered for _ in range(2)]))
    yield from _blamed(Kind.NOT_IDEMPOTENT, handlers, told, first, twice)
    for order in orders(len(told)):
        other = state.after(_batches([numbered[place] for place in order]))
        faults = list(_blamed(Kind.ORDER_DEPENDENT, handlers, told, first, other))
        if faults:
            yield from faults
            return


def refused(
    handlers: Mapping[str, Handler], told: Sequence[Told], state: State
) -> Iterator[Fault]:
    """Yield a fault for each handler that declares what the state never takes."""
    found: dict[str, Fault] = {}
    for one in told:
        name, why = handlers[one.name].name, state.refuses(one)
        if why:
            found.setdefault(name, Fault(Kind.UNDECLARED, name, one.name, why))
    yield from found.values()


def orders(count: int) -> Iterator[list[int]]:
    """Yield places 0 to `count` - 1 backwards, then shuffled, some of them twice."""
    yield list(reversed(range(count)))
    for seed in range(3):
        random = Random(seed)  # noqa: S311 - the same orders each time, no secrets
        places = list(range(count)) + random.sample(range(count), count // 4)
        random.shuffle(places)
        yield places


def _batches(events: list[tuple[int, Told]]) -> list[list[tuple[int, Told]]]:
    return [events[at : at + BATCH] for at in range(0, len(events), BATCH)]


def _only(handlers: Mapping[str, Handler], event: str) -> dict[str, Handler]:
    return {event: handlers[event]}


def _decided(handlers: Mapping[str, Handler], told: Told) -> list[Change]:
    handler = handlers[told.name]
    return handler.decide(handler.schema.load(dict(told.body)))


def _differs(
    alone: list[Change], handlers: Mapping[str, Handler], told: Told
) -> str | None:
    try:
        return difference(alone, _decided(handlers, told))
    except Exception as exc:  # noqa: BLE001 - whatever a handler raises
        return f"whether it raises {type(exc).__name__}"


def _blamed(
    kind: Kind,
    handlers: Mapping[str, Handler],
    told: Sequence[Told],
    first: Documents,
    other: Documents,
) -> Iterator[Fault]:
    """Yield a fault for each handler that told of a document that differs."""
    blamed = set()
    for document in sorted(first.keys() | other.keys()):
        fields = changed_fields(
            dict(first.get(document, {})), dict(other.get(document, {}))
        )
        for one in told if fields else ():
            name = handlers[one.name].name
            if name not in blamed and document in _documents(one.changes):
                blamed.add(name)
                detail = f"{names(fields)} of {document} ends otherwise"
                yield Fault(kind, name, one.name, detail)


def _documents(changes: Sequence[Change]) -> set[str]:
    pairs = [
        one.owner if isinstance(one, Move) else (one.collection, one.id)
        for one in changes
    ]
    return {f"{collection}/{id_}" for collection, id_ in pairs}
