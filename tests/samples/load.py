"""Read the sample payloads, one file per event and variant."""

from pathlib import Path
from typing import Any

from schemas.body import parse_object

FOLDER = Path(__file__).parent


def names() -> list[str]:
    """Return the names of all samples, such as `user_add_to_team.v7`."""
    return sorted(path.stem for path in FOLDER.glob("*.json"))


def event_of(name: str) -> str:
    """Return the event that the name of a sample begins with."""
    return name.partition(".")[0]


def payload(name: str, /, **changes: Any) -> dict[str, Any]:
    """Return a sample with `changes`; a change to `...` removes the key."""
    body = {**parse_object((FOLDER / f"{name}.json").read_bytes()), **changes}
    return {key: value for key, value in body.items() if value is not ...}
