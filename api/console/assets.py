"""Name our static files so that browsers may keep them until they change."""

from functools import cache
from hashlib import blake2b
from pathlib import Path

STATIC = Path(__file__).parent / "static"
URL = "/console/static"
#: A file whose name holds its digest is the same for ever, in seconds.
FOR_EVER = 31_536_000


def asset(name: str) -> str:
    """Return the URL of a file of `static/`; it changes when the file does."""
    return f"{URL}/{name}?v={_digest(name)}"


@cache
def _digest(name: str) -> str:
    return blake2b((STATIC / name).read_bytes(), digest_size=8).hexdigest()
