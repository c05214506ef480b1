"""Find the modules that may hold handlers: our own, and those that packages offer."""

import importlib
import pkgutil
import traceback
from collections.abc import Collection, Iterable
from importlib.metadata import EntryPoint, entry_points
from types import ModuleType

from schemas.errors import ForgewireError

#: Installed packages offer handler modules under this entry point group.
ENTRY_POINT_GROUP = "forgewire.handlers"
#: The setting that says which of them are on.
SETTING = "FORGEWIRE_HANDLER_PACKAGES"


class NotInstalled(ForgewireError):
    """Raised at start when nobody offers a handler package that is on."""


class CannotLoad(ForgewireError):
    """Raised at start when a handler package that is on does not load."""


def modules(names: Collection[str] | None = None) -> list[ModuleType]:
    """Return our own modules, then those of the installed packages that are on.

    `names` are the names of their entry points; None stands for all that are installed.
    Raise NotInstalled, or CannotLoad.
    """
    package = importlib.import_module("handlers")
    own = sorted(module.name for module in pkgutil.iter_modules(package.__path__))
    ours = [importlib.import_module(f"handlers.{name}") for name in own]
    points = entry_points(group=ENTRY_POINT_GROUP)
    found = (module for point in chosen(points, names) for module in offered(point))
    return [*ours, *found]


def chosen(
    points: Iterable[EntryPoint], names: Collection[str] | None
) -> list[EntryPoint]:
    """Return those of `points` that are on, by name; what is off is not even imported.

    Raise NotInstalled if one of `names` is not there.
    """
    there = sorted(points, key=lambda point: (point.name, point.value))
    if names is None:
        return there
    missing = sorted(set(names).difference(point.name for point in there))
    if missing:
        offered = ", ".join(sorted({point.name for point in there})) or "none"
        raise NotInstalled(
            f"{SETTING} names {', '.join(missing)}, which no installed package offers "
            f"(offered: {offered}): install it beside Forgewire, or take it out"
        )
    return [point for point in there if point.name in names]


def offered(point: EntryPoint) -> list[ModuleType]:
    """Return the module that `point` leads to, and of a package its modules too.

    Raise CannotLoad.
    """
    found = loaded(point)
    path = getattr(found, "__path__", ())
    # To import `__main__` would run it.
    names = sorted({it.name for it in pkgutil.iter_modules(path)} - {"__main__"})
    below = (
        EntryPoint(point.name, f"{found.__name__}.{name}", point.group)
        for name in names
    )
    return [found, *map(loaded, below)]


def loaded(point: EntryPoint) -> ModuleType:
    """Return the module that `point` leads to; raise CannotLoad."""
    try:
        found = point.load()
    except Exception as exc:
        raise _failure(point, _reason(exc)) from exc
    if not isinstance(found, ModuleType):
        raise _failure(point, "it is no module")
    return found


def _failure(point: EntryPoint, reason: str) -> CannotLoad:
    return CannotLoad(
        f"the handler package {point.name} does not load from {point.value}: {reason}. "
        f"Mend or remove it, or leave it out of {SETTING}"
    )


def _reason(exc: Exception) -> str:
    """Return what went wrong and where, without words that could quote a secret."""
    if isinstance(exc, ImportError):
        return str(exc)
    if isinstance(exc, SyntaxError):
        return f"{type(exc).__name__} at {exc.filename}:{exc.lineno}"
    last = traceback.extract_tb(exc.__traceback__)[-1]
    return f"{type(exc).__name__} at {last.filename}:{last.lineno}"
