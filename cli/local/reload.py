"""Notice that the code of handlers changed, for those who run it to begin anew."""

import importlib
import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from importlib.metadata import EntryPoint, entry_points
from importlib.util import find_spec
from pathlib import Path
from typing import TypeAlias
from urllib.parse import unquote, urlsplit

from cli.local.process import CannotRun
from handlers.packages import ENTRY_POINT_GROUP

#: The processes that run what handler packages hold, by their keys; the API does so
#: when it sends an event or replays a dead letter.
RELOADED = frozenset({"worker", "reactor", "api"})
#: How often to look, in seconds.
LOOK_SECONDS = 0.5
CHECK_SECONDS = 30.0
#: How much of what went wrong is shown.
_LINES = 6
_OURS = ("handlers", "schemas")
#: Prints the handlers, and fails where a worker would not start.
_CHECK = (sys.executable, "-P", "-c", "from cli.main import main; main()", "handlers")

#: When each file was changed, in nanoseconds; 0 for what is no file.
Seen: TypeAlias = Mapping[str, int]


class Watch:
    """Tells once what changed since the start, as soon as no more is being written."""

    def __init__(
        self,
        look: Callable[[], Seen],
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._look = look
        self._clock = clock
        self._known = self._last = look()
        self._due = clock() + LOOK_SECONDS

    def changed(self) -> list[str]:
        """Return what changed and has rested since the last look: files, packages."""
        if self._clock() < self._due:
            return []
        self._due = self._clock() + LOOK_SECONDS
        before, self._last = self._last, self._look()
        if self._last != before or self._last == self._known:
            return []
        known, self._known = self._known, self._last
        names = {*known, *self._last}
        return sorted(it for it in names if known.get(it) != self._last.get(it))


def sources() -> dict[str, int]:
    """Return what handlers are made of: ours, and those of installed packages."""
    # What was installed meanwhile is to be found, too.
    importlib.invalidate_caches()
    points = list(entry_points(group=ENTRY_POINT_GROUP))
    roots = {*map(_found, _OURS), *map(_root, points)}
    found = {f"{it.name} = {it.value}": 0 for it in points}
    for root in roots - {None}:
        found |= {str(file): _changed_at(file) for file in _files(root)}
    return found


def check(environ: Mapping[str, str]) -> None:
    """Raise CannotRun, with the end of what Python says, if handlers do not load."""
    try:
        done = subprocess.run(  # noqa: S603 - a command of ours
            _CHECK,
            env=dict(environ),
            capture_output=True,
            text=True,
            timeout=CHECK_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired as exc:
        raise CannotRun(f"they do not load within {CHECK_SECONDS:.0f} s") from exc
    if done.returncode:
        lines = [f"  {it}" for it in done.stderr.splitlines() if it.strip()]
        raise CannotRun("\n".join(["they do not load:", *lines[-_LINES:]]))


def _files(root: Path | None) -> Iterator[Path]:
    if root is not None:
        yield from root.rglob("*.py") if root.is_dir() else [root]


def _changed_at(file: Path) -> int:
    try:
        return file.stat().st_mtime_ns
    except OSError:
        # Removed since it was listed.
        return 0


def _found(name: str) -> Path | None:
    """Return the folder of a package or the file of a module; it is not imported."""
    spec = find_spec(name)
    if spec is None or spec.origin is None:
        return None
    origin = Path(spec.origin)
    return origin.parent if spec.submodule_search_locations else origin


def _root(point: EntryPoint) -> Path | None:
    top = point.module.partition(".")[0]
    return _found(top) or _editable(point, top)


def _editable(point: EntryPoint, top: str) -> Path | None:
    """Return the folder of a package that was installed as editable since our start."""
    told = point.dist.read_text("direct_url.json") if point.dist else None
    if not told:
        return None
    folder = Path(unquote(urlsplit(json.loads(told)["url"]).path))
    places = (folder / top, folder / "src" / top, folder / f"{top}.py")
    return next((it for it in places if it.exists()), None)
