"""Keep what was measured, with the machine, versions and date."""

import os
import platform
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

import orjson
import pymongo

from bench.bars import bars
from bench.figures import Figure
from bench.lab import Lab

FOLDER = Path(__file__).parent / "results"
LATEST = FOLDER / "latest.json"
_PACKAGES = (
    "flask",
    "granian",
    "pika",
    "pymongo",
    "marshmallow",
    "orjson",
    "celery",
    "dramatiq",
    "faststream",
    "gunicorn",
)


def terms(lab: Lab, *, is_quick: bool) -> dict[str, Any]:
    """Return what figures must have in common to stand beside each other."""
    return {"is_quick": is_quick, "machine": _machine(), "versions": _versions(lab)}


def collected(
    figures: list[Figure],
    terms: Mapping[str, Any],
    seconds: float,
    told: Callable[[str], None],
) -> dict[str, Any]:
    """Return all that was measured, for programs."""
    return {
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "seconds": round(seconds),
        **terms,
        **judged(figures, told),
    }


def judged(figures: list[Figure], told: Callable[[str], None]) -> dict[str, Any]:
    """Return the figures, which bars they reach, and how many events were lost."""
    return {
        "bars": bars(figures, told),
        "lost": sum(it.lost for it in figures),
        "figures": [it.as_json for it in figures],
    }


def exit_code(results: Mapping[str, Any]) -> int:
    """Return what the shell is told: 1 if an acknowledged event did not arrive."""
    return 1 if results["lost"] else 0


def write(results: dict[str, Any], path: Path = LATEST) -> None:
    """Write the results where others look for them."""
    path.parent.mkdir(exist_ok=True)
    options = orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE
    path.write_bytes(orjson.dumps(results, option=options))


def read(path: Path = LATEST) -> dict[str, Any]:
    """Return what was written."""
    found: dict[str, Any] = orjson.loads(path.read_bytes())
    return found


def _machine() -> dict[str, Any]:
    lines = Path("/proc/cpuinfo").read_text("utf-8").splitlines()
    model = next((it for it in lines if it.startswith("model name")), ": unknown")
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return {
        "processors": len(os.sched_getaffinity(0)),
        "processor": model.partition(":")[2].strip(),
        "memory_gib": round(memory / 2**30),
        "system": f"{platform.system()} {platform.release()}",
    }


def _versions(lab: Lab) -> dict[str, str]:
    found = {name: version(name) for name in _PACKAGES}
    with lab.channel() as channel:
        server = channel.connection._impl.server_properties  # noqa: SLF001
    with pymongo.MongoClient(lab.database.url) as client:
        database = client.server_info()["version"]
    return {
        "Python": platform.python_version(),
        "RabbitMQ": str(server["version"]),
        "MongoDB": database,
        **found,
    }
