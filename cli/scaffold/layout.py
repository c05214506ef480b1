"""Lay out Python as the formatter would; pure."""

import json
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

#: The longest line that the formatter leaves alone.
WIDTH = 88


def call(begin: str, items: Sequence[str], end: str) -> str:
    """Return `begin`, items and `end` on one line, or an item a line if too long."""
    line = f"{begin}{', '.join(items)}{end}"
    if len(line) <= WIDTH:
        return line
    indent = " " * (len(begin) - len(begin.lstrip()))
    inside = "".join(f"{indent}    {item},\n" for item in items)
    return f"{begin}\n{inside}{indent}{end}"


def imports(module: str, names: Iterable[str]) -> str:
    """Return the line that imports `names`, constants first as the linter sorts."""
    listed = sorted(names, key=lambda name: (not name[0].isupper(), name))
    line = f"from {module} import {', '.join(listed)}"
    if len(line) <= WIDTH:
        return line
    return call(f"from {module} import (", listed, ")")


def text(value: str) -> str:
    """Return a text as Python has it, in ASCII."""
    return json.dumps(value)


def literal(value: Any) -> str:
    """Return a value that a schema made as Python has it."""
    if isinstance(value, str):
        return text(value)
    return _moment(value) if isinstance(value, datetime) else repr(value)


def _moment(value: datetime) -> str:
    parts = [value.year, value.month, value.day, value.hour, value.minute, value.second]
    while parts[-1] == 0:
        parts.pop()
    numbers = ", ".join(map(str, parts))
    if value.microsecond:
        numbers += f", microsecond={value.microsecond}"
    return f"datetime({numbers}, tzinfo=UTC)"
