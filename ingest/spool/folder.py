"""The folder that the spools of all receivers on a machine share."""

import contextlib
import os
import time
from collections.abc import Callable, Collection, Iterator
from pathlib import Path

import structlog

from ingest.spool.errors import NotASpoolFile
from ingest.spool.segment import NEW_SUFFIX, SET_ASIDE_SUFFIX, SUFFIX, Segment

_log = structlog.stdlib.get_logger("ingest.spool")

#: A file that never got its header is rubbish after so many seconds.
RUBBISH_SECONDS = 60
#: How much is written to see whether the disk takes anything.
PROBE_BYTES = 1 << 16
#: File systems whose locks or fsync depend on a network.
_REMOTE = ("nfs", "cifs", "smb", "9p", "ceph", "gluster", "fuse.")


class Folder:
    """Makes, finds and counts files; knows nothing of what is in them."""

    def __init__(
        self, path: Path, name: str, clock: Callable[[], int] = time.time_ns
    ) -> None:
        self.path = path
        #: Of this start of a receiver; no other has it.
        self._name = name
        self._clock = clock
        self._newest = 0
        self._unreadable: set[Path] = set()

    def prepare(self) -> None:
        """Make the folder, for nobody else to look into; raise OSError."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self.path.mkdir(mode=0o700, exist_ok=True)

    def new(self) -> Segment:
        """Return a new file, which sorts behind those that are there; raise OSError."""
        self.prepare()
        # A clock that is put back must not put new files in front of old ones.
        self._newest = max(self._newest + 1, self._clock() // 1000)
        return Segment.create(self.path / f"{self._newest:020d}-{self._name}{SUFFIX}")

    def orphans(self, ours: Collection[Path], most: int) -> Iterator[Segment]:
        """Yield up to `most` files that no living receiver has, oldest first.

        What is no file of ours is set aside. All is logged, and nothing raised.
        """
        for path in self._files(SUFFIX):
            if most <= 0:
                return
            adopted = None if path in ours else self._adopted(path)
            if adopted is not None:
                most -= 1
                yield adopted

    def others_size(self, ours: Collection[Path]) -> int:
        """Return the bytes in files of other receivers; `ours` were adopted."""
        total = 0
        for path in self._files(SUFFIX):
            # By name, since one that is just being made is in no list yet.
            if path not in ours and not path.stem.endswith(f"-{self._name}"):
                with contextlib.suppress(OSError):
                    total += path.stat().st_size
        return total

    def set_aside_files(self) -> int:
        """Return how many files wait for somebody to look at them."""
        return len(self._files(SET_ASIDE_SUFFIX))

    def probe(self) -> None:
        """Raise OSError unless the disk takes and confirms something now."""
        self.prepare()
        path = self.path / f"{self._name}.probe"
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            written = os.write(descriptor, bytes(PROBE_BYTES))
            if written < PROBE_BYTES:
                # Asked for the rest, the system says why.
                os.write(descriptor, bytes(PROBE_BYTES - written))
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
            path.unlink()

    def sweep(self) -> None:
        """Remove what a receiver left that was killed while it made a file."""
        for suffix in (NEW_SUFFIX, ".probe"):
            for path in self._files(suffix):
                with contextlib.suppress(OSError):
                    if time.time() - path.stat().st_mtime > RUBBISH_SECONDS:
                        path.unlink()

    def _files(self, suffix: str) -> list[Path]:
        try:
            return sorted(it for it in self.path.iterdir() if it.suffix == suffix)
        except OSError:
            return []

    def _adopted(self, path: Path) -> Segment | None:
        try:
            return Segment.adopt(path)
        except NotASpoolFile as exc:
            self._set_aside(path, str(exc))
        except FileNotFoundError:
            pass  # its owner has just drained it
        except OSError as exc:
            if path not in self._unreadable:
                _log.error("spool-file-unreadable", file=path.name, why=exc.strerror)
            self._unreadable.add(path)
        return None

    def _set_aside(self, path: Path, why: str) -> None:
        with contextlib.suppress(OSError):
            kept = path.rename(path.with_suffix(SET_ASIDE_SUFFIX))
            _log.error("spool-file-set-aside", file=kept.name, why=why)


def is_remote(path: Path, mounts: str) -> bool:
    """Return whether a path is on another machine's disk; `mounts` is as in /proc."""
    here = str(path.resolve())
    kind, longest = "", 0
    for _, point, found, *_ in (line.split() for line in mounts.splitlines()):
        is_above = here == point or here.startswith(point.rstrip("/") + "/")
        if is_above and len(point) >= longest:
            kind, longest = found, len(point)
    return kind.startswith(_REMOTE)
