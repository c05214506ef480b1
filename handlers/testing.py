"""Hold the handlers of a package to what they promise, with one line in its tests.

    test_contract = contract("badges", samples=Path(__file__).parent / "samples")

The test asks for the fixture `handler_state`, the real state on a real MongoDB; the
pytest plugin `cli.handler_state` has it. `faults` is for other ways to test.
"""

import importlib
import pkgutil
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from types import ModuleType
from typing import Any, TypeAlias

from handlers.kit.faults import ContractBroken, Fault, Kind
from handlers.kit.judging import Broken, Told
from handlers.kit.orders import Documents, State, applied, refused, remembering
from handlers.kit.spoiling import made, replayed, spoiled
from handlers.registry import Handler, by_event, handlers_in
from schemas.body import event_name, parse_object
from schemas.test_deliveries import is_test_delivery

__all__ = [
    "ContractBroken",
    "Documents",
    "Fault",
    "Kind",
    "State",
    "Told",
    "contract",
    "faults",
    "handlers_of",
    "samples_in",
]

#: A sample: the name of its event, and its body.
Sample: TypeAlias = tuple[str, Mapping[str, Any]]
#: Looks at all sound handlers, and what samples mean to them.
Look: TypeAlias = Callable[[Mapping[str, Handler], Sequence[Told]], Iterator[Fault]]
#: How many events of each schema are made by Hypothesis.
EXAMPLES = 25


def contract(
    *packages: str, samples: Path, examples: int = EXAMPLES
) -> Callable[[State], None]:
    """Return a test of all handlers of `packages`, which may be modules as well.

    `samples` is a folder of bodies, `*.json`, at least one for each event. The test
    raises ContractBroken with one line for each promise that a handler breaks.
    """

    def test_contract(handler_state: State) -> None:
        __tracebackhide__ = True
        found = faults(
            handlers_of(packages),
            samples_in(samples),
            state=handler_state,
            examples=examples,
        )
        if found:
            raise ContractBroken("\n".join(map(str, found)))

    return test_contract


def faults(
    handlers: Mapping[str, Handler],
    samples: Iterable[Sample],
    *,
    state: State | None = None,
    examples: int = EXAMPLES,
) -> list[Fault]:
    """Return which promises `handlers` break, the first of each; [] if none.

    Each sample is decided twice, spoiled in many ways, and beside events that
    Hypothesis makes; then all are decided, and applied to `state`, in other orders.
    A handler that broke a promise is not asked for the later ones.
    """
    bodies = [one for one in samples if not is_test_delivery(*one)]
    found = list(_untested(handlers, bodies))
    sound, told = dict(handlers), []
    for handler in dict.fromkeys(map(id, handlers.values())):
        own = [one for one in bodies if id(handlers.get(one[0])) == handler]
        try:
            told += _judged(handlers, own, examples)
        except Broken as exc:
            found.append(exc.fault)
            sound = _without(sound, exc.fault)
    found += _in_orders(sound, told, state)
    return found


def handlers_of(packages: Iterable[str]) -> dict[str, Handler]:
    """Return the handlers by event that packages or modules offer, by their names."""
    return by_event(handlers_in(module for name in packages for module in _all(name)))


def samples_in(folder: Path) -> list[Sample]:
    """Return the bodies in `folder`, each with the name of its event."""
    found = [parse_object(path.read_bytes()) for path in sorted(folder.glob("*.json"))]
    return [(event_name(body), body) for body in found]


def _all(name: str) -> Iterator[ModuleType]:
    package = importlib.import_module(name)
    yield package
    for below in pkgutil.iter_modules(getattr(package, "__path__", ())):
        yield importlib.import_module(f"{name}.{below.name}")


def _untested(
    handlers: Mapping[str, Handler], samples: Iterable[Sample]
) -> Iterator[Fault]:
    for event in sorted(handlers.keys() - {name for name, _ in samples}):
        detail = "no sample has its event"
        yield Fault(Kind.UNTESTED, handlers[event].name, event, detail)


def _judged(
    handlers: Mapping[str, Handler], samples: list[Sample], examples: int
) -> list[Told]:
    """Return what the samples of one handler, and events made like them, mean."""
    told = [replayed(handlers[name], name, body) for name, body in samples]
    for name, body in samples:
        spoiled(handlers[name], name, body)
    if samples:
        name = samples[0][0]
        told += made(handlers[name], name, [body for _, body in samples], examples)
    return told


def _in_orders(
    sound: dict[str, Handler], told: list[Told], state: State | None
) -> Iterator[Fault]:
    """Yield what shows in other orders; whom one look finds is spared the next."""
    looks: list[Look] = [remembering]
    if state is not None:
        looks += [partial(refused, state=state), partial(applied, state=state)]
    for look in looks:
        told = [one for one in told if one.name in sound]
        for fault in list(look(sound, told)):
            yield fault
            sound = _without(sound, fault)


def _without(handlers: Mapping[str, Handler], fault: Fault) -> dict[str, Handler]:
    return {event: one for event, one in handlers.items() if one.name != fault.handler}
