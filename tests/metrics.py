"""Read what processes show at /metrics, and what docs/metrics.md says of it."""

import re
from dataclasses import dataclass
from pathlib import Path

import requests
from prometheus_client.parser import text_string_to_metric_families

PAGE = Path(__file__).parents[1] / "docs" / "metrics.md"
_ROW = re.compile(
    r"^\| `(\w+)` \| (counter|gauge|histogram) \| (.*?) ?\| (sum|max|min) \| (\S.*) \|$"
)


@dataclass(frozen=True)
class Entry:
    """What the page says of a metric."""

    type: str
    labels: frozenset
    over: str
    meaning: str


def documented():
    """The entries of each section that has a table: {section: {name: Entry}}."""
    sections = re.split(r"^## (.+)$", PAGE.read_text(), flags=re.MULTILINE)[1:]
    found = {}
    for title, text in zip(sections[::2], sections[1::2], strict=True):
        rows = [line for line in text.splitlines() if line.startswith("| `")]
        if rows:
            found[title] = dict(_entry(row) for row in rows)
    return found


def _entry(row):
    name, kind, labels, over, meaning = _ROW.match(row).groups()
    return name, Entry(kind, frozenset(re.findall(r"`(\w+)`", labels)), over, meaning)


def scraped(url):
    """The metrics that a process shows: {full name: family}."""
    text = requests.get(f"{url}/metrics", timeout=10).text
    return {
        f"{it.name}_total" if it.type == "counter" else it.name: it
        for it in text_string_to_metric_families(text)
    }


def labels_of(family):
    """The labels that the samples of a family have."""
    return {name for it in family.samples for name in it.labels} - {"le"}


def value(families, name, **labels):
    """The sum of the samples `name` that bear these labels; None if there is none."""
    samples = [
        it.value
        for family in families.values()
        for it in family.samples
        if it.name == name and labels.items() <= it.labels.items()
    ]
    return sum(samples) if samples else None
