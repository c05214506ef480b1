"""Put what was measured anew into the results of an earlier run on the same terms."""

from collections.abc import Callable, Mapping
from typing import Any

import click

from bench.figures import Figure
from bench.results import judged


class NotAlike(click.UsageError):
    """Raised when figures of two runs must not stand beside each other."""


def check(earlier: Mapping[str, Any], terms: Mapping[str, Any]) -> None:
    """Raise NotAlike if an earlier run was another machine's, or otherwise unlike.

    A program that is measured for the first time makes no difference to the others.
    """
    unlike = [name for name in ("is_quick", "machine") if earlier[name] != terms[name]]
    if not earlier["versions"].items() <= terms["versions"].items():
        unlike.append("versions")
    if unlike:
        raise NotAlike(f"the earlier run differs in {', '.join(unlike)}")


def merged(
    earlier: Mapping[str, Any], found: Mapping[str, Any], told: Callable[[str], None]
) -> dict[str, Any]:
    """Return the earlier results with the experiments that were found anew in place.

    Each experiment keeps the date at which it was measured.
    """
    measured = {**dates(earlier), **dates(found)}
    kept = [it for it in earlier["figures"] if it["experiment"] not in dates(found)]
    order = list(measured).index
    rows = sorted([*kept, *found["figures"]], key=lambda it: order(it["experiment"]))
    figures = [Figure.from_json(row) for row in rows]
    versions = {"versions": found["versions"]}
    return {**earlier, **versions, "measured": measured, **judged(figures, told)}


def dates(results: Mapping[str, Any]) -> dict[str, str]:
    """Return when each experiment was measured."""
    date: str = results["date"]
    known = results.get("measured", {})
    names = dict.fromkeys(it["experiment"] for it in results["figures"])
    return {name: known.get(name, date) for name in names}
