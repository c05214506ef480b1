"""Keep small files that nobody but their owner may read."""

import os
import secrets
from pathlib import Path


def write(path: Path, text: str) -> None:
    """Replace a file in one step; its owner alone may read it, from the beginning."""
    draft = path.with_name(f"{path.name}.new")
    draft.unlink(missing_ok=True)
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
    draft.replace(path)


def token(path: Path) -> str:
    """Return the token in a file; make one if there is none."""
    kept = path.read_text(encoding="utf-8").strip() if path.exists() else ""
    if kept:
        return kept
    made = secrets.token_urlsafe(32)
    write(path, f"{made}\n")
    return made
