"""Put tables and sentences that are made of results into a page."""

import re
from datetime import datetime
from pathlib import Path

from bench import breakdown, markdown, tables
from bench.capacity import COPIED, NODES, Capacity, capacity
from bench.merging import dates
from bench.tables import Results, Table

#: There once it is drawn.
PICTURE = (
    "![Stacked bars for receivers and workers: which part of a hook or event holds the "
    "interpreter, what is outside it, what is waiting](performance/profile.svg)"
)


def filled(text: str, results: Results) -> str:
    """Return the text of a page with what stands between its markers made anew."""
    for name, block in blocks(results).items():
        begin, end = f"<!-- {name} begins -->", f"<!-- {name} ends -->"
        pattern = re.compile(f"{begin}.*?{end}", re.DOTALL)
        whole = f"{begin}\n{block}\n{end}"
        text, count = pattern.subn(lambda _, whole=whole: whole, text)
        if count != 1:
            raise ValueError(f"the page must have {begin} and {end} once")
    return text


def blocks(results: Results) -> dict[str, str]:
    """Return what belongs between which markers, as Markdown."""
    figures = "\n\n".join(map(markdown.titled, tables.of_figures(results)))
    return {
        "run": _run(results),
        "bars": markdown.rows(tables.of_bars(results)),
        "profile": _profile(results),
        "figures": figures,
        "cluster": _cluster(results),
    }


def _profile(results: Results) -> str:
    made = breakdown.tables(results)
    if not made:
        return "This run has no profile: it was not asked for, or not allowed."
    return "\n\n".join((*map(markdown.titled, made), PICTURE))


def write(path: Path, results: Results) -> None:
    """Make the page at `path` anew."""
    path.write_text(filled(path.read_text("utf-8"), results), "utf-8")


def _run(results: Results) -> str:
    machine, versions = results["machine"], results["versions"]
    shown = "make bench-quick" if results["is_quick"] else "make bench"
    return (
        f"`{shown}` on {_day(results['date'])}, "
        f"{results['seconds'] / 60:.0f} minutes, on {machine['processors']} x "
        f"{machine['processor']}, {machine['memory_gib']} GiB, {machine['system']}, "
        "with all of this on the one machine, load generator included. "
        f"Versions: {', '.join(f'{name} {it}' for name, it in versions.items())}.\n\n"
        f"{_apart(results)}`{summary(results)}`"
    )


def _apart(results: Results) -> str:
    """Say what was measured at another time than the rest, "" if nothing was."""
    others: dict[str, list[str]] = {}
    for name, at in dates(results).items():
        if at != results["date"]:
            others.setdefault(at, []).append(name)
    told = [
        f"{', '.join(it)} ({_day(at)}, {_hour(at)} UTC)" for at, it in others.items()
    ]
    return f"Measured anew later: {'; '.join(told)}.\n\n" if told else ""


def _day(date: str) -> str:
    return f"{datetime.fromisoformat(date):%d %B %Y}"


def _hour(date: str) -> str:
    return f"{datetime.fromisoformat(date):%H:%M}"


def summary(results: Results) -> str:
    """Return the line that says whether all has arrived."""
    acknowledged = sum(it["acknowledged"] for it in results["figures"])
    reached = sum(bar["reached"] for bar in results["bars"])
    return (
        f"bars {reached} of {len(results['bars'])} reached  "
        f"acknowledged {acknowledged}  lost {results['lost']}"
    )


def _cluster(results: Results) -> str:
    try:
        found = capacity(results)
    except LookupError as exc:
        return f"This run does not tell: {exc}."
    spent, total = found.spent(), sum(found.spent().values())
    parts = [
        (
            part,
            tables.number(each),
            str(NODES if part in COPIED else 1),
            tables.number(spent[part]),
            f"{100 * spent[part] / total:.0f} %",
        )
        for part, each in found.cost.items()
    ]
    head = ("part", "µs/event", "copies", "µs/event, all copies", "share")
    return "\n\n".join(
        (
            markdown.rows(Table("", head, tuple(parts), labels=1)),
            markdown.rows(_bounds(found)),
            _verdict(found),
        )
    )


def _bounds(found: Capacity) -> Table:
    whole, less = found.bounds(), found.bounds(NODES - 1)
    rows = tuple(
        (name, tables.number(whole[name]), tables.number(less[name])) for name in whole
    )
    head = ("what bounds it, events/s", f"{NODES} nodes", f"{NODES - 1} of them")
    return Table("", head, rows, labels=1)


def _verdict(found: Capacity) -> str:
    spent, first = found.spent(), found.limit()
    most = max(spent, key=spent.__getitem__)
    share = 100 * spent[most] / sum(spent.values())
    whole, less = found.bounds()[first], min(found.bounds(NODES - 1).values())
    needed = found.processes(whole)
    return (
        f"So {NODES} such nodes would carry **{tables.number(whole)} events/s**, and "
        f"{tables.number(less)} while one of them is away. What limits them first: "
        f"**{first}**. Of all processor time the {most} take the most, {share:.0f} %. "
        f"It takes {needed['receivers']} receivers and {needed['workers']} workers or "
        "more, since one process uses little more than one processor."
    )
