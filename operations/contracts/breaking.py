"""Tell which changes of the contracts break those who rely on them, a line each."""

import re
from collections.abc import Iterator, Mapping
from typing import Any, TypeAlias

from operations.contracts.version import VERSION
from operations.contracts.widening import DESCRIBING, widened

#: Contracts by path below their folder.
Files: TypeAlias = Mapping[str, Mapping[str, Any]]

_VERSION = re.compile(r"urn:forgewire:v(\d+):|(\d+)\.")


def breaks(kept: Files, made: Files, version: int = VERSION) -> list[str]:
    """Return what in `made` breaks who relies on `kept`.

    A file that was kept under a version below `version` may break whom it will.
    """
    return [
        line
        for path, old in sorted(kept.items())
        if _version(old) >= version
        for line in _lost(path, old, made.get(path))
    ]


def _version(contract: Mapping[str, Any]) -> int:
    told = contract.get("$id") or contract.get("info", {}).get("version")
    match = _VERSION.match(str(told))
    # What bears no version that we know is held to.
    return int(match[1] or match[2]) if match else VERSION


def _lost(
    path: str, old: Mapping[str, Any], new: Mapping[str, Any] | None
) -> Iterator[str]:
    name = old.get("title", path)
    if new is None:
        yield f"{name}: is gone"
    elif "asyncapi" in old:
        yield from _lost_in_document(old, new)
    else:
        yield from widened(old, new, name)


def _lost_in_document(old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[str]:
    for part in ("channels", "operations"):
        yield from _differences(old.get(part, {}), new.get(part, {}), part)
    was, now = old.get("components", {}), new.get("components", {})
    yield from _differences(was.get("messages", {}), now.get("messages", {}), "message")
    for name, schema in was.get("schemas", {}).items():
        yield from widened(schema, now.get("schemas", {}).get(name, {}), name)


def _differences(old: Any, new: Any, at: str) -> Iterator[str]:
    if not isinstance(old, Mapping) or not isinstance(new, Mapping):
        if old != new:
            yield f"{at}: was {old}, is {new} now"
        return
    for name, value in old.items():
        where = f"{at}.{name}"
        if name not in new:
            yield f"{where}: is gone"
        elif name not in DESCRIBING and name != "summary":
            yield from _differences(value, new[name], where)
