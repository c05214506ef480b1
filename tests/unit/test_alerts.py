"""The rules for Prometheus: valid, tested one by one, each with its runbook."""

import re
import subprocess

import pytest

from schemas.errors import Rejected
from tests.promql import (
    PROMETHEUS,
    RUNBOOKS,
    alerts,
    doubled,
    every_expression,
    runbooks,
    shown,
    strangers,
    yaml,
)

TESTS = sorted((PROMETHEUS / "tests").glob("*.yml"))
ALERTS = alerts()
EXPRESSIONS, PAGES = every_expression(), runbooks()
HEADINGS = (
    "What it means",
    "What to look at",
    "What to do",
    "How to know that it is over",
)
SERVICES = yaml(PROMETHEUS.parents[1] / "docker-compose.yml")["services"]
#: What a runbook may have people type, and what of each is looked at by a test.
COMMANDS = (
    r"forgewire .+",  # tests/unit/test_docs.py
    r"rabbitmq(ctl|-diagnostics) .+",  # tests/integration/test_monitoring.py
    r"curl -(s|i) http://127\.0\.0\.1:808[012]/(readyz|healthz)",
    r"curl -i https://forgewire\.example/hooks/gitlab",
    rf"docker compose (ps|logs --tail=50|up --detach) ({'|'.join(SERVICES)})",
    r"df -[hi] /var/lib/forgewire",
    r"ls -l /var/lib/forgewire/spool",
)


def promtool(*words):
    done = subprocess.run(
        ["promtool", *map(str, words)],
        cwd=PROMETHEUS,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    return done.returncode, done.stdout + done.stderr


def cases():
    """Every moment at which a test looks for an alert: (alert, whether it fires)."""
    return {
        (moment["alertname"], bool(moment.get("exp_alerts")))
        for file in TESTS
        for test in yaml(file)["tests"]
        for moment in test.get("alert_rule_test", ())
    }


def test_the_configuration_and_its_rules_are_valid():
    code, said = promtool("check", "config", "prometheus.yml")

    assert code == 0, said
    assert "FAILED" not in said


@pytest.mark.parametrize("file", TESTS, ids=lambda file: file.stem)
def test_the_rules_do_what_their_tests_say(file):
    code, said = promtool("test", "rules", file)

    assert code == 0, said


@pytest.mark.parametrize("alert", ALERTS)
def test_every_alert_is_seen_to_fire_and_to_keep_silent(alert):
    assert {(alert, True), (alert, False)} <= cases()


@pytest.mark.parametrize("alert", ALERTS)
def test_every_alert_says_what_it_is_and_links_to_its_runbook(alert):
    rule = ALERTS[alert]

    assert rule["labels"]["severity"] in {"page", "ticket"}
    assert rule["annotations"].keys() == {"summary", "description", "runbook_url"}
    link = f"{{{{ $externalURL }}}}/user/runbooks/{alert}.md"
    assert rule["annotations"]["runbook_url"] == link


def test_every_alert_has_a_runbook_and_every_runbook_an_alert():
    assert PAGES.keys() == ALERTS.keys()


@pytest.mark.parametrize("alert", ALERTS)
def test_a_runbook_answers_the_same_questions_as_all(alert):
    page = PAGES[alert]

    assert page.startswith(f"# {alert}\n")
    assert re.findall(r"^## (.+)$", page, re.MULTILINE) == [*HEADINGS]
    severity = ALERTS[alert]["labels"]["severity"].capitalize()
    assert page.split("\n\n")[1].startswith(f"**{severity}.** ")


def test_the_list_of_runbooks_has_all_with_their_severity():
    page = (RUNBOOKS / "README.md").read_text("utf-8")

    rows = re.findall(r"^\| \[(\w+)\]\((\w+)\.md\) \| (\w+) \|", page, re.MULTILINE)

    assert all(name == file for name, file, _ in rows)
    assert {name: severity for name, _, severity in rows} == {
        name: rule["labels"]["severity"] for name, rule in ALERTS.items()
    }


@pytest.mark.parametrize("alert", ALERTS)
def test_a_runbook_shows_only_commands_that_are_known(alert):
    typed = [
        line.removeprefix("$ ")
        for block in shown(PAGES[alert], "console")
        for line in block.splitlines()
    ]

    allowed = re.compile("|".join(COMMANDS))
    assert [line for line in typed if not allowed.fullmatch(line)] == []


def test_the_runbook_knows_every_reason_of_a_dead_letter():
    page = PAGES["ForgewireDeadLettersAppearing"]

    listed = set(re.findall(r"^\| `([\w-]+)` \|", page, re.MULTILINE))

    # A dry run knows another one, of which nothing dies.
    kinds = (
        it for it in Rejected.__subclasses__() if it.__module__ == "schemas.errors"
    )
    ours = {it.reason for it in kinds}
    assert listed == ours | {"delivery-limit"}


@pytest.mark.parametrize("where", EXPRESSIONS)
def test_an_expression_names_only_metrics_and_labels_that_exist(where):
    assert list(strangers(EXPRESSIONS[where])) == []


@pytest.mark.parametrize("where", EXPRESSIONS)
def test_no_expression_sums_what_several_processes_tell_alike(where):
    assert list(doubled(EXPRESSIONS[where])) == []


@pytest.mark.parametrize(
    "expression",
    [
        "forgewire_hook_total",
        'rate(forgewire_hooks_total{code="202"}[5m])',
        "forgewire_hook_seconds",
        "source:forgewire_heard:sometimes",
    ],
)
def test_a_name_that_does_not_exist_is_found(expression):
    assert list(strangers(expression))


@pytest.mark.parametrize(
    ("expression", "found"),
    [
        ("sum(forgewire_queue_messages)", ["forgewire_queue_messages"]),
        ("sum by (queue) (max by (queue, state) (forgewire_queue_messages))", []),
        ("sum(rate(forgewire_hooks_total[5m]))", []),
        ("max(sum(forgewire_spool_bytes))", ["forgewire_spool_bytes"]),
    ],
)
def test_a_sum_that_counts_twice_is_found(expression, found):
    assert list(doubled(expression)) == found
