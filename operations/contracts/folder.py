"""Keep the contracts in a folder: read, compare and write them."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from operations.contracts.breaking import Files
from schemas.errors import ForgewireError


class Unreadable(ForgewireError):
    """Raised when a kept contract cannot be read or written, or is no contract."""


def read(folder: Path, pattern: str) -> dict[str, dict[str, Any]]:
    """Return the contracts in `folder`, by path below it; raise Unreadable."""
    return {
        str(path.relative_to(folder)): _parsed(path)
        for path in sorted(folder.glob(pattern))
    }


def differing(folder: Path, pattern: str, made: Files) -> list[str]:
    """Return the paths at which `folder` has not what was made; raise Unreadable."""
    kept = {str(path.relative_to(folder)) for path in folder.glob(pattern)}
    same = {path for path in kept & made.keys() if _is_as(folder / path, made[path])}
    return sorted((kept | made.keys()) - same)


def write(folder: Path, pattern: str, made: Files) -> list[str]:
    """Make `folder` have what was made and nothing else; return the paths written.

    Raise Unreadable.
    """
    changed = differing(folder, pattern, made)
    try:
        for path in changed:
            _put(folder / path, made.get(path))
    except OSError as exc:
        raise Unreadable(f"{folder}: {exc.strerror}") from exc
    return changed


def _put(path: Path, contract: Mapping[str, Any] | None) -> None:
    if contract is None:
        path.unlink()
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(_text(contract), "utf-8")


def _text(contract: Mapping[str, Any]) -> str:
    return json.dumps(contract, indent=2, ensure_ascii=False) + "\n"


def _is_as(path: Path, contract: Mapping[str, Any]) -> bool:
    return _content(path) == _text(contract)


def _parsed(path: Path) -> dict[str, Any]:
    try:
        parsed = json.loads(_content(path))
    except ValueError as exc:
        raise Unreadable(f"{path} is not JSON") from exc
    if not isinstance(parsed, dict):
        raise Unreadable(f"{path} is JSON, but not an object")
    return parsed


def _content(path: Path) -> str:
    try:
        return path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as exc:
        raise Unreadable(f"{path} cannot be read") from exc
