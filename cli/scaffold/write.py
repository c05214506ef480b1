"""Put the texts of a handler together, and write them where nothing is yet."""

from collections.abc import Mapping
from pathlib import Path

from cli.scaffold import sample
from cli.scaffold.draft import Draft
from cli.scaffold.handler_text import handler_module
from cli.scaffold.package_text import package_files
from cli.scaffold.place import Place
from cli.scaffold.schema_text import schema_module
from cli.scaffold.tests_text import module_of_tests
from schemas.errors import ForgewireError


class InTheWay(ForgewireError):
    """Raised when a file that is to be written is there already, or cannot be."""


def texts(draft: Draft, place: Place, naming: str) -> dict[str, str]:
    """Return the text of each file, by its path below the place's folder.

    `naming` is the key under which bodies have the name of their event.
    """
    module = draft.collection
    below = f"{place.package}/" if place.package else ""
    tests = "tests/" if place.package else "tests/unit/"
    test = f"test_{module}" if place.package else f"test_handlers_{module}"
    handler = handler_module(
        draft, f"{place.schemas}.{module}", apart=bool(place.package)
    )
    return {
        **(package_files(place.package) if place.is_new else {}),
        f"{below}handlers/{module}.py": handler,
        f"{below}schemas/{module}.py": schema_module(draft, apart=bool(place.package)),
        **{
            f"tests/samples/{event}.json": sample.body(draft, event, naming)
            for event in draft.events
        },
        f"{tests}{test}.py": module_of_tests(draft, place),
    }


def write(folder: Path, files: Mapping[str, str]) -> None:
    """Write all `files` below `folder`, or none; raise InTheWay."""
    there = [name for name in files if (folder / name).exists()]
    if there:
        raise InTheWay(
            f"{there[0]} is there already: add the event to it, or choose another name "
            "for what the events are about with --subject"
        )
    try:
        for name, text in files.items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_text(text, "utf-8")
    except OSError as exc:
        raise InTheWay(f"{exc.filename}: {exc.strerror}") from exc
