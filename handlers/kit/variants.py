"""Spoil a body in every way in which a host, its age or its censor may spoil it."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, TypeAlias

from marshmallow import Schema

#: The keys and places that lead to a value inside a body.
Path: TypeAlias = tuple[str | int, ...]

REDACTED = "[REDACTED]"
#: One value of each type that JSON has, at the edge where there is one.
TYPES: tuple[Any, ...] = (
    "",
    "text",
    0,
    -1,
    2**63,
    1.5,
    True,
    [],
    [None],
    {},
    {"text": []},
)
_GONE = object()


def variants(
    body: Mapping[str, Any], known: Iterable[str]
) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield variants of `body`, each with a few words that say what was done to it.

    `known` are the keys that the schema reads; what lies below them is spoiled too.
    """
    yield "its keys in another order", turned(body)
    for path in paths({key: body[key] for key in known if key in body}):
        shown = ".".join(map(str, path))
        for how, value in _spoiled(_at(body, path)):
            yield f"`{shown}` {how}", _with(body, path, value)
    for count in range(len(body)):
        yield f"all cut after {count} keys", dict(list(body.items())[:count])


def known_keys(schema: Schema) -> list[str]:
    """Return the keys of a body that `schema` reads."""
    pairs = schema.load_fields.items()
    return sorted({field.data_key or name for name, field in pairs})


def paths(value: Any, above: Path = ()) -> Iterator[Path]:
    """Yield where values are inside `value`; of lists only the first counts."""
    below: Iterable[tuple[str | int, Any]] = ()
    if isinstance(value, dict):
        below = value.items()
    elif isinstance(value, list):
        below = list(enumerate(value))[:1]
    for key, one in below:
        yield (*above, key)
        yield from paths(one, (*above, key))


def turned(value: Any) -> Any:
    """Return `value` with the keys of all its objects in the opposite order."""
    if isinstance(value, Mapping):
        return {key: turned(one) for key, one in reversed(list(value.items()))}
    if isinstance(value, list):
        return [turned(one) for one in value]
    return value


def _spoiled(value: Any) -> Iterator[tuple[str, Any]]:
    yield "missing", _GONE
    yield "null", None
    yield "redacted", REDACTED
    if isinstance(value, str | list):
        yield "cut in half", value[: len(value) // 2]
    for other in TYPES:
        yield f"of type {type(other).__name__}", other


def _at(value: Any, path: Path) -> Any:
    for key in path:
        value = value[key]
    return value


def _with(value: Any, path: Path, new: Any) -> Any:
    """Return a copy of `value` that has `new` at `path`; the rest is shared."""
    if not path:
        return new
    copy: Any = list(value) if isinstance(value, list) else dict(value)
    key, *rest = path
    if not rest and new is _GONE:
        del copy[key]
    else:
        copy[key] = _with(copy[key], tuple(rest), new)
    return copy
