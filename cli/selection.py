"""Give commands the options that say which dead letters they are about."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import wraps
from typing import Any

import click

from operations.selection import Selection

_AGE = re.compile(r"(\d{1,6})(s|min|m|h|d)")
_UNITS = {"s": "seconds", "m": "minutes", "min": "minutes", "h": "hours", "d": "days"}


class Moment(click.ParamType[datetime]):
    """A time, or how long ago: `2026-03-01T08:00`, in UTC if no zone is told; `2h`."""

    name = "time"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> datetime:
        """Return a datetime in UTC."""
        age = _AGE.fullmatch(value)
        if age:
            return datetime.now(UTC) - timedelta(**{_UNITS[age[2]]: int(age[1])})
        try:
            moment = datetime.fromisoformat(value)
        except ValueError:
            self.fail(
                f"{value!r} is no time such as 2026-03-01T08:00, or 2h", param, ctx
            )
        return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def selecting(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command the options of a selection, and the `selection` they make."""

    @wraps(command)
    def run(**given: Any) -> None:
        older = given.pop("older_than")
        until = given.pop("until")
        limits = [moment for moment in (until, older) if moment is not None]
        selection = Selection(
            since=given.pop("since"),
            until=min(limits, default=None),
            **{name: frozenset(given.pop(name)) for name in _SETS},
        )
        command(selection=selection, **given)

    decorated: Callable[..., None] = run
    for option in reversed(_OPTIONS):
        decorated = option(decorated)
    return decorated


def _several(option: str, name: str, metavar: str, does: str) -> Any:
    return click.option(option, name, metavar=metavar, multiple=True, help=does)


_SETS = ("ids", "events", "reasons", "handlers", "sources")
_OPTIONS = (
    click.argument("ids", metavar="[ID]...", nargs=-1),
    _several("--event", "events", "NAME", "Only this event; may be given repeatedly."),
    _several("--reason", "reasons", "CODE", "Only this reason; likewise."),
    _several("--handler", "handlers", "NAME", "Only of this handler; likewise."),
    _several("--source", "sources", "NAME", "Only of this Git host; likewise."),
    click.option("--since", type=Moment(), help="Only who died then or later."),
    click.option("--until", type=Moment(), help="Only who died before."),
    click.option(
        "--older-than", type=Moment(), metavar="AGE", help="Only dead for longer: 2h."
    ),
)
