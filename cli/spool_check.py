"""Try the folder of the spool, as a receiver does when it starts; leave no trace."""

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

from ingest.spool.folder import Folder, is_remote
from schemas.errors import ForgewireError

_MOUNTS = Path("/proc/self/mounts")
_WHAT_TO_DO = (
    "A receiver keeps hooks there while RabbitMQ is away: let the user that runs it "
    "write there, or name a folder on a local disk by FORGEWIRE_SPOOL_DIR."
)
_REMOTE = (
    "WARNING: it is on a network, where fsync and locks do not keep what they promise. "
    "Name a folder on a local disk by FORGEWIRE_SPOOL_DIR."
)


class SpoolUnusable(ForgewireError):
    """Raised when a receiver that this user starts could keep nothing there."""


def try_spool(folder: Path, mounts: Path = _MOUNTS) -> str:
    """Return what is to be said of the folder; raise SpoolUnusable.

    `mounts` is where Linux lists what is mounted.
    """
    folder = folder.absolute()
    try:
        with _left_as_it_was(folder):
            Folder(folder, f"check-{os.getpid()}").probe()
            remote = is_remote(folder, mounts.read_text("utf-8"))
    except OSError as exc:
        raise SpoolUnusable(f"{folder}: {exc.strerror}. {_WHAT_TO_DO}") from exc
    return f"{folder}. {_REMOTE}" if remote else str(folder)


@contextlib.contextmanager
def _left_as_it_was(folder: Path) -> Iterator[None]:
    """Remove the folders that the block makes.

    Whoever checks may be another user than the one who needs them.
    """
    missing = [it for it in (folder, *folder.parents) if not it.exists()]
    try:
        yield
    finally:
        for made in missing:
            with contextlib.suppress(OSError):
                made.rmdir()
