"""Find where a handler is to be written: beside ours, or in a package of its own."""

import sys
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from cli.scaffold.names import identifier
from handlers.packages import ENTRY_POINT_GROUP
from schemas.errors import ForgewireError


class NoPlace(ForgewireError):
    """Raised when a folder can hold no handler."""


@dataclass(frozen=True, slots=True)
class Place:
    """A folder, and the package in it that gets the handler."""

    folder: Path
    #: The package that has `handlers` and `schemas` in it; "" in Forgewire itself.
    package: str
    #: Nothing is there yet.
    is_new: bool = False

    @property
    def handlers(self) -> str:
        """Return the name of the package of handler modules."""
        return f"{self.package}.handlers" if self.package else "handlers"

    @property
    def schemas(self) -> str:
        """Return the name of the package of schema modules."""
        return f"{self.package}.schemas" if self.package else "schemas"


def find(folder: Path) -> Place:
    """Return the place in `folder`; raise NoPlace if it can be none."""
    if (folder / "handlers" / "registry.py").is_file():
        return Place(folder, "")
    if (folder / "pyproject.toml").is_file():
        return Place(folder, _offered(folder / "pyproject.toml"))
    return Place(folder, _free_name(folder), is_new=True)


def _offered(file: Path) -> str:
    """Return the package whose handlers `file` offers to Forgewire."""
    try:
        points = _points(tomllib.loads(file.read_text("utf-8")))
    except (OSError, ValueError) as exc:
        raise NoPlace(f"{file} cannot be read: {type(exc).__name__}") from exc
    for value in points.values():
        package, _, last = str(value).rpartition(".")
        if last == "handlers" and package.isidentifier():
            return package
    raise NoPlace(
        f'{file} offers no handlers: it needs [project.entry-points."'
        f'{ENTRY_POINT_GROUP}"] with a line such as badges = "badges.handlers". Or run '
        "this in an empty folder, where a new package begins"
    )


def _points(read: Mapping[str, Any]) -> Mapping[str, Any]:
    found: Any = read
    for key in ("project", "entry-points", ENTRY_POINT_GROUP):
        found = found.get(key) if isinstance(found, Mapping) else None
    return found if isinstance(found, Mapping) else {}


def _free_name(folder: Path) -> str:
    """Return the name of a new package: the folder's, if nobody else has it."""
    name = identifier(folder.name)
    if name in sys.stdlib_module_names or _is_elsewhere(name, folder):
        raise NoPlace(
            f"a package cannot be called {name}, which is another one's name: rename "
            "the folder"
        )
    return name


def _is_elsewhere(name: str, folder: Path) -> bool:
    spec = find_spec(name)
    if spec is None:
        return False
    places = [Path(place) for place in spec.submodule_search_locations or ()]
    return folder / name not in places
