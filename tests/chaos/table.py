"""Show what was found: a table for people, the same for the pages, and one line."""

import platform
import re
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from rich.table import Table

MARKERS = ("<!-- chaos begins -->", "<!-- chaos ends -->")
COLUMNS = (
    "fault",
    "times",
    "sent",
    "2xx",
    "spooled",
    "lost",
    "doubled",
    "slowest 2xx",
    "2xx to ledger",
    "recovery",
)


@dataclass
class Found:
    """What was found around one kind of fault, over all the times that it was made."""

    fault: str
    times: int = 0
    sent: int = 0
    accepted: int = 0
    spooled: int = 0
    lost: set[str] = field(default_factory=set)
    doubled: set[str] = field(default_factory=set)
    #: The longest that a 2xx took, in seconds.
    slowest: float = 0.0
    #: The longest from a 2xx to the row in the ledger, in seconds.
    way: float = 0.0
    #: The longest from the end of a fault until all was well again, in seconds.
    recovery: float = 0.0
    #: What else is not as it must be, in words.
    wrong: list[str] = field(default_factory=list)

    def cells(self):
        return (
            self.fault,
            str(self.times),
            f"{self.sent:,}",
            f"{self.accepted:,}",
            f"{self.spooled:,}",
            str(len(self.lost)),
            str(len(self.doubled)),
            f"{self.slowest:.2f} s",
            f"{self.way:.1f} s",
            f"{self.recovery:.1f} s",
        )


def for_people(found):
    table = Table(box=None, pad_edge=False)
    for number, column in enumerate(COLUMNS):
        table.add_column(column, justify="right" if number else "left", no_wrap=True)
    for one in found:
        table.add_row(*one.cells())
    return table


def summary(found):
    """Return the last line."""
    times, sent = sum(one.times for one in found), sum(one.sent for one in found)
    lost = len(set().union(*(one.lost for one in found)))
    twice = len(set().union(*(one.doubled for one in found)))
    return f"faults {times}  sent {sent}  lost {lost}  doubled {twice}"


def is_good(found):
    return bool(found) and not any(
        one.lost or one.doubled or one.wrong for one in found
    )


def write(page: Path, found, command: str) -> None:
    """Put the table between the markers of a page."""
    begin, end = MARKERS
    text = page.read_text(encoding="utf-8")
    block = f"{begin}\n{_markdown(found, command)}\n{end}"
    pattern = re.compile(f"{re.escape(begin)}.*?{re.escape(end)}", re.DOTALL)
    page.write_text(pattern.sub(lambda _: block, text, count=1), encoding="utf-8")


def _markdown(found, command):
    lines = [
        f"`{command}`, {datetime.now(UTC):%d %B %Y}, on {machine()}:",
        "",
        _row(COLUMNS),
        _row(["---"] + ["---:"] * (len(COLUMNS) - 1)),
        *(_row(one.cells()) for one in found),
        "",
        f"`{summary(found)}`",
    ]
    return "\n".join(lines)


def _row(cells):
    return f"| {' | '.join(cells)} |"


def machine():
    """Return what this runs on: processors, memory and system."""
    cpus = re.findall(r"^processor\s*:", _proc("cpuinfo"), re.MULTILINE)
    model = re.search(r"^model name\s*:\s*(.+)$", _proc("cpuinfo"), re.MULTILINE)
    memory = re.search(r"^MemTotal:\s*(\d+)", _proc("meminfo"), re.MULTILINE)
    gib = int(memory[1]) / 2**20 if memory else 0
    name = model[1] if model else platform.machine()
    return f"{len(cpus)} x {name}, {gib:.0f} GiB, Linux {platform.release()}"


def _proc(name):
    return Path("/proc", name).read_text(encoding="utf-8")
