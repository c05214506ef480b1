"""Read which Git hosts may send hooks, and their secrets, from a TOML file."""

import re
import tomllib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Self

from environs import ValidationError

from config import parse

#: Keys of documents are `<source>:<id>`, so a name must never hold a colon.
_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")
#: The API calls people `<source>:<id>`, and programs `service:<name>`.
_TAKEN = frozenset({"service"})
_KEYS = {"enabled", "tokens", "tokens_file", "signing_tokens", "signing_tokens_file"}


@dataclass(frozen=True, slots=True)
class Source:
    """A Git host that may send hooks; any one of its secrets opens the door."""

    name: str
    tokens: tuple[bytes, ...] = field(default=(), repr=False)
    #: Keys of Standard Webhooks signatures, decoded.
    signing_keys: tuple[bytes, ...] = field(default=(), repr=False)
    enabled: bool = True

    @property
    def has_secret(self) -> bool:
        """Return whether anybody can be let in at all."""
        return bool(self.tokens or self.signing_keys)

    def merged(self, other: Self | None) -> Self:
        """Return this source with the secrets of `other` too, enabled if both are."""
        if other is None:
            return self
        return replace(
            self,
            tokens=self.tokens + other.tokens,
            signing_keys=self.signing_keys + other.signing_keys,
            enabled=self.enabled and other.enabled,
        )


def read(path: str) -> dict[str, Source]:
    """Return the sources of the TOML file; raise ValidationError with all problems.

    No path, no sources.
    """
    if not path:
        return {}
    file = Path(path)
    tables = _tables(file)
    found, problems = {}, []
    for name, table in tables.items():
        try:
            found[name] = _source(name, table, file.parent)
        except ValidationError as exc:
            problems += [f"[sources.{name}] {text}" for text in exc.messages]
    if problems:
        raise ValidationError(problems)
    return found


def _tables(file: Path) -> Mapping[str, Any]:
    try:
        document = tomllib.loads(file.read_text("utf-8"))
    except (OSError, ValueError):
        # The message of a syntax error may quote the line, and so a secret.
        raise ValidationError("The file cannot be read as TOML.") from None
    _refuse_unknown(document, {"sources"})
    sources = document.get("sources", {})
    if not isinstance(sources, dict):
        raise ValidationError("sources is not a table of tables.")
    return sources


def _source(name: str, table: Any, folder: Path) -> Source:
    if not _NAME.fullmatch(name):
        raise ValidationError("A source's name is made of a-z, 0-9 and hyphens.")
    if name in _TAKEN:
        raise ValidationError(f"{name} stands for programs: choose another name.")
    if not isinstance(table, dict):
        raise ValidationError("A source is a table.")
    _refuse_unknown(table, _KEYS)
    enabled = table.get("enabled", True)
    if not isinstance(enabled, bool):
        raise ValidationError("enabled is neither true nor false.")
    return Source(
        name,
        _secrets(table, "tokens", folder, parse.token_bytes),
        _secrets(table, "signing_tokens", folder, parse.signing_key_bytes),
        enabled,
    )


def _secrets(
    table: Mapping[str, Any],
    key: str,
    folder: Path,
    decode: Callable[[Iterable[str]], tuple[bytes, ...]],
) -> tuple[bytes, ...]:
    listed = table.get(key, [])
    if not isinstance(listed, list) or not all(isinstance(one, str) for one in listed):
        raise ValidationError(f"{key} is not a list of strings.")
    file = table.get(f"{key}_file")
    return decode(listed) + (() if file is None else decode(_from_file(file, folder)))


def _from_file(name: Any, folder: Path) -> list[str]:
    try:
        # Relative to the TOML file, wherever the process was started.
        return parse.split((folder / name).read_text("utf-8", "surrogateescape"))
    except (OSError, TypeError, ValueError):
        raise ValidationError("A file of tokens cannot be read.") from None


def _refuse_unknown(table: Mapping[str, Any], known: Iterable[str]) -> None:
    unknown = sorted(set(table) - set(known))
    if unknown:
        raise ValidationError(f"Unknown: {', '.join(unknown)}.")
