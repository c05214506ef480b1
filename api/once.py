"""Let a browser in by a link that works once: a file in the data folder says so.

Who can write there can read the keys that sign our tokens, and needs no link.
"""

import os
import re
import secrets
import time
from contextlib import suppress
from hashlib import sha256
from pathlib import Path

#: How long a link is good, in seconds.
GOOD_SECONDS = 600
FOLDER = "sign-in-links"
_CODE = re.compile(r"[A-Za-z0-9_-]{43}", re.ASCII)


def make(data_dir: Path, now: float) -> str:
    """Return a code that opens the console once, soon; raise OSError."""
    folder = data_dir / FOLDER
    folder.mkdir(mode=0o700, exist_ok=True)
    _sweep(folder, now)
    code = secrets.token_urlsafe(32)
    path = folder / _name(code)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write(str(int(now) + GOOD_SECONDS))
    return code


def use(data_dir: Path, code: str, now: float | None = None) -> bool:
    """Return whether `code` is good, and make sure that it never is again."""
    if not _CODE.fullmatch(code):
        return False
    path = data_dir / FOLDER / _name(code)
    try:
        until = int(path.read_text("ascii"))
        # Of several who try at once, one removes the file.
        path.unlink()
    except (OSError, ValueError):
        return False
    return (time.time() if now is None else now) < until


def _sweep(folder: Path, now: float) -> None:
    for path in folder.iterdir():
        with suppress(OSError):
            if path.stat().st_mtime + GOOD_SECONDS < now:
                path.unlink()


def _name(code: str) -> str:
    # Who only sees the folder learns nothing.
    return sha256(code.encode("ascii")).hexdigest()
