"""Find and erase what is about a person in the spool of this machine."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from broker.message import Message
from ingest.spool import erasing, survey
from operations.places import SpoolUnreadable
from state.audit import Sighting


@dataclass(frozen=True, slots=True)
class Holding:
    """A file with events about the person, or with what nobody can read."""

    path: Path
    events: tuple[Sighting, ...]
    #: In bytes.
    unreadable: int

    @property
    def is_orphan(self) -> bool:
        """Return whether no receiver that runs has it."""
        try:
            return survey.is_orphan(self.path)
        except OSError:
            return False


class Search:
    """Looks into the folder again and again, and reads only what has changed."""

    def __init__(self, folder: Path, concerns: Callable[[Message], bool]) -> None:
        self._folder = folder
        self._concerns = concerns
        #: What was found in a file that had this size, changed at this time.
        self._read: dict[Path, tuple[tuple[int, int], Holding]] = {}

    def look(self, *, set_aside: bool) -> list[Holding]:
        """Return the files that hold something; raise SpoolUnreadable."""
        with readable(self._folder):
            paths = survey.files(self._folder, set_aside=set_aside)
            held = [self._look_into(path) for path in paths]
        return [one for one in held if one.events or one.unreadable]

    def _look_into(self, path: Path) -> Holding:
        try:
            now = path.stat()
            known, held = self._read.get(path, ((0, 0), None))
            if held is None or known != (now.st_size, now.st_mtime_ns):
                held = self._holding(path)
        except FileNotFoundError:
            return Holding(path, (), 0)
        self._read[path] = (now.st_size, now.st_mtime_ns), held
        return held

    def _holding(self, path: Path) -> Holding:
        content = survey.content(path)
        events = tuple(
            Sighting(it.source, it.event, it.delivery_id, it.receipt)
            for it in content.messages
            if self._concerns(it)
        )
        return Holding(path, events, content.unreadable)


def messages(folder: Path) -> Iterator[Message]:
    """Yield all events that can be read in the folder; raise SpoolUnreadable."""
    with readable(folder):
        for set_aside in (False, True):
            yield from survey.messages(folder, set_aside=set_aside)


def erase(
    held: Iterable[Holding], concerns: Callable[[Message], bool], *, unreadable: bool
) -> None:
    """Erase events about the person; with `unreadable`, what nobody can read too."""
    for one in held:
        with readable(one.path):
            erasing.erase(one.path, concerns, unreadable=unreadable)


@contextmanager
def readable(path: Path) -> Iterator[None]:
    """Raise SpoolUnreadable for an OSError of the block."""
    try:
        if path.is_dir():
            # To look for files by a pattern tells nothing of a folder closed to us.
            next(path.iterdir(), None)
        yield
    except OSError as exc:
        raise SpoolUnreadable(f"{path}: {exc.strerror}") from exc
