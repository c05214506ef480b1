"""Take expressions of boards, rules and runbooks apart, and know what they may name."""

import json
import re
from functools import cache
from pathlib import Path
from types import MappingProxyType

import promql_parser as promql
from ruamel.yaml import YAML

from tests.metrics import documented

ROOT = Path(__file__).parents[1]
PROMETHEUS = ROOT / "deploy" / "prometheus"
BOARDS = ROOT / "deploy" / "grafana" / "boards"
RUNBOOKS = ROOT / "docs" / "runbooks"
#: What Prometheus attaches to all that it scrapes by prometheus.yml.
TARGET = frozenset({"job", "instance", "machine"})
#: The metrics of Prometheus itself, with their labels.
OWN = MappingProxyType(
    {"up": frozenset(), "ALERTS": frozenset({"alertname", "alertstate", "severity"})}
)
_PARTS = ("_bucket", "_sum", "_count")


def yaml(path):
    return YAML(typ="safe").load(path.read_text("utf-8"))


def rules():
    """The rules of all files, as they stand there."""
    files = sorted((PROMETHEUS / "rules").glob("*.yml"))
    return [rule for it in files for one in yaml(it)["groups"] for rule in one["rules"]]


def alerts():
    return {rule["alert"]: rule for rule in rules() if "alert" in rule}


def boards():
    """The boards, by the names of their files."""
    files = sorted(BOARDS.glob("*.json"))
    return {it.name: json.loads(it.read_text("utf-8")) for it in files}


def panels(board):
    """The panels of a board that show something."""
    return [it for it in board["panels"] if it["type"] != "row"]


def runbooks():
    """The pages about alerts: {alert: text}."""
    pages = sorted(RUNBOOKS.glob("Forgewire*.md"))
    return {it.stem: it.read_text("utf-8") for it in pages}


def shown(page, language):
    """The blocks in a language that a page shows, without their indentation."""
    blocks = re.findall(
        rf"^( *)```{language}\n(.*?)```", page, re.DOTALL | re.MULTILINE
    )
    return [re.sub(rf"^{indent}", "", it, flags=re.MULTILINE) for indent, it in blocks]


def board_expressions():
    """Every expression of the boards, with where it stands."""
    return {
        f"{name}: {panel['title']} {target['refId']}": target["expr"]
        for name, board in boards().items()
        for panel in panels(board)
        for target in panel["targets"]
    }


def every_expression():
    """Every expression of boards, rules and runbooks, with where it stands."""
    of_rules = {it.get("alert") or it["record"]: it["expr"] for it in rules()}
    of_pages = {
        f"{name}.md {number}": it
        for name, page in runbooks().items()
        for number, it in enumerate(shown(page, "promql"))
    }
    return board_expressions() | of_rules | of_pages


def filled_in(expression):
    """The expression with values where Grafana puts in its own."""
    return expression.replace("$__rate_interval", "1m").replace("$source", ".+")


def selectors(expression):
    """Yield (metric, labels that are asked for, aggregations around it)."""
    yield from _selectors(promql.parse(filled_in(expression)), ())


def _selectors(node, around):
    if isinstance(node, promql.VectorSelector):
        yield node.name, {it.name for it in node.matchers.matchers}, around
        return
    if isinstance(node, promql.AggregateExpr):
        around = (node, *around)
    for child in _children(node):
        yield from _selectors(child, around)


def _children(node):
    if isinstance(node, promql.Call):
        return node.args
    names = ("expr", "lhs", "rhs", "vector_selector")
    return [getattr(node, name) for name in names if hasattr(node, name)]


@cache
def entries():
    """What docs/metrics.md says of each of our metrics, by the names of its series."""
    flat = {name: it for part in documented().values() for name, it in part.items()}
    series = {}
    for name, entry in flat.items():
        is_histogram = entry.type == "histogram"
        names = [name + part for part in _PARTS] if is_histogram else [name]
        series |= dict.fromkeys(names, entry)
    return series


@cache
def known_labels():
    """The labels of every metric that there is but RabbitMQ's, by its name."""
    ours = {name: entry.labels | {"le"} for name, entry in entries().items()}
    recorded = {it["record"]: _levels(it["record"]) for it in rules() if "record" in it}
    return ours | OWN | recorded


def _levels(name):
    """The labels of a recorded metric, which its name says: `source:name:seconds`."""
    return frozenset(name.partition(":")[0].split("_"))


def strangers(expression):
    """Names and labels in an expression that do not exist; RabbitMQ's are not ours."""
    for name, labels, _ in selectors(expression):
        if not name.startswith("rabbitmq_"):
            has = known_labels().get(name)
            allowed = None if has is None else has | TARGET
            if allowed is None or not labels <= allowed:
                yield name, labels


def doubled(expression):
    """Metrics that an expression sums though several processes tell the same."""
    for name, _, around in selectors(expression):
        entry = entries().get(name)
        is_summed = bool(around) and str(around[0].op) == "sum"
        if entry and is_summed and entry.over != "sum":
            yield name
