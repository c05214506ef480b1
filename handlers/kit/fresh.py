"""Start the modules of handlers anew, so that they remember no event.

What a handler keeps in another module than its own is not forgotten.
"""

import sys
from collections.abc import Iterable, Mapping
from importlib.util import module_from_spec
from types import ModuleType

from handlers.registry import Handler, handlers_in


def fresh(handlers: Mapping[str, Handler]) -> dict[str, Handler]:
    """Return the same handlers by event, of modules that have just started."""
    names = {handler.decide.__module__ for handler in handlers.values()}
    again = {_key(one): one for one in handlers_in(map(_started, names))}
    return {event: again.get(_key(one), one) for event, one in handlers.items()}


def of_one(handler: Handler, events: Iterable[str]) -> Handler:
    """Return `handler` of a module that has just started."""
    return fresh(dict.fromkeys(events, handler))[next(iter(handler.events))]


def _key(handler: Handler) -> tuple[str, tuple[str, ...]]:
    return handler.name, handler.events


def _started(name: str) -> ModuleType:
    """Return another copy of a module; the one that is imported stays as it is."""
    spec = sys.modules[name].__spec__
    if spec is None or spec.loader is None:
        return sys.modules[name]
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
