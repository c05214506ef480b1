"""A real Prometheus watches real processes, by our rules, boards and runbooks."""

import json
import re
import secrets
import subprocess
from types import SimpleNamespace

import pytest
import requests

from broker.topology import Topology
from cli.local import ports, prometheus
from cli.local.endpoints import Endpoints
from tests.api import Api
from tests.promql import (
    board_expressions,
    every_expression,
    filled_in,
    runbooks,
    selectors,
    shown,
)
from tests.rabbit import channel, ctl
from tests.receiver import Receiver, until
from tests.samples.load import payload
from tests.working import Worker

#: Of these nothing is shown while all is well, or not before minutes have gone by.
SILENT = {
    'ALERTS{alertname=~"Forgewire.*",alertstate="firing"}',
    "source:forgewire_silence:seconds",
    "source:forgewire_heard:usual",
    "source:forgewire_missed:gaps",
}
#: The last of them is dead at once.
USERS = (41, 42, "forty-three")


class Prometheus:
    """A Prometheus that scrapes each second, and answers questions."""

    def __init__(self, folder, at):
        config = prometheus.configuration(at)
        config["global"] = {"scrape_interval": "1s", "evaluation_interval": "1s"}
        file = folder / "prometheus.yml"
        file.write_text(json.dumps(config))
        listen = f"127.0.0.1:{ports.free()}"
        self.url = f"http://{listen}"
        self.log = folder / "prometheus.log"
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                prometheus.command(file, listen), stdout=log, stderr=log
            )

    def get(self, path, **params):
        return requests.get(f"{self.url}{path}", params=params, timeout=20)

    def data(self, path, **params):
        answer = self.get(f"/api/v1/{path}", **params)
        assert answer.ok, answer.text
        return answer.json()["data"]

    def value(self, expression):
        """The number that an expression has now; None if there is none."""
        result = self.data("query", query=expression)["result"]
        return float(result[0]["value"][1]) if result else None

    def is_answering(self):
        assert self.process.poll() is None, self.log.read_text()
        try:
            return self.get("/-/ready").ok
        except requests.ConnectionError:
            return False

    def close(self):
        self.process.terminate()
        self.process.wait(20)


@pytest.fixture(scope="module")
def watched(tmp_path_factory, rabbitmq, mongodb):
    """Prometheus, and a receiver, a worker and an API that have worked some hooks."""
    folder, prefix = tmp_path_factory.mktemp("watched"), f"test-{secrets.token_hex(6)}"
    api = Api(
        folder,
        mongodb.url,
        AMQP_URL=rabbitmq.url,
        AMQP_PREFIX=prefix,
        RABBITMQ_METRICS_URL=rabbitmq.metrics_url,
        SPOOL_DIR=folder / f"{prefix}-spool",
    )
    receiver = Receiver(folder, rabbitmq.url, prefix)
    worker = Worker(folder, rabbitmq.url, prefix, api.variables["MONGODB_URL"])
    at = Endpoints(
        ingest=receiver.url,
        worker=f"http://127.0.0.1:{worker.port}",
        api=api.url,
        public_url=api.url,
        rabbitmq_metrics_urls=(rabbitmq.metrics_url,),
        amqp_url=rabbitmq.url,
        mongodb_url=mongodb.url,
        token="",
    )
    server = Prometheus(folder, at)
    made = SimpleNamespace(prometheus=server, receiver=receiver, worker=worker, api=api)
    try:
        receiver.wait()
        api.wait()
        until(worker.is_ready, "the worker is ready")
        until(server.is_answering, "Prometheus answers")
        for user_id in USERS:
            send(receiver, user_id)
        yield made
    finally:
        server.close()
        receiver.stop()
        worker.end()
        api.close()
        forget(rabbitmq.url, Topology(prefix))


def send(receiver, user_id):
    body = json.dumps(payload("user_create", user_id=user_id)).encode()
    answer = receiver.post(body, Idempotency_Key=secrets.token_hex(6))
    assert answer.status_code == 202


def forget(amqp_url, topology):
    with channel(amqp_url) as it:
        for name in (topology.events, topology.dead_letters):
            it.queue_delete(name)
            it.exchange_delete(name)


def test_every_process_and_the_broker_are_scraped(watched):
    jobs = {"forgewire-ingest", "forgewire-worker", "forgewire-api", "rabbitmq"}

    def are_up():
        targets = watched.prometheus.data("targets")["activeTargets"]
        up = {it["labels"]["job"] for it in targets if it["health"] == "up"}
        machines = {it["labels"]["machine"] for it in targets}
        return up == jobs and machines == {"127.0.0.1"}

    until(are_up, "all targets are up")


@pytest.mark.parametrize("where", board_expressions())
def test_a_panel_shows_something(watched, where):
    expression = board_expressions()[where]

    def is_shown():
        asked = filled_in(expression)
        return watched.prometheus.data("query", query=asked)["result"]

    # A rate needs two scrapes, and the first audit some seconds.
    if not any(it in expression for it in SILENT):
        until(is_shown, expression)


@pytest.mark.parametrize("where", every_expression())
def test_prometheus_itself_can_answer_every_expression(watched, where):
    found = watched.prometheus.data("query", query=filled_in(every_expression()[where]))

    assert found["resultType"] == "vector"


def test_no_rule_fails(watched):
    groups = watched.prometheus.data("rules")["groups"]

    rules = [rule for group in groups for rule in group["rules"]]
    assert len(rules) > 20
    assert [it["name"] for it in rules if it["health"] == "err"] == []


def test_no_alert_fires_while_all_is_well(watched):
    until(
        lambda: watched.prometheus.value("count(queue:forgewire_waiting:events)"),
        "rules were evaluated",
    )

    firing = watched.prometheus.data("query", query='ALERTS{alertstate="firing"}')

    assert firing["result"] == []


def test_an_alert_leads_to_its_runbook_at_prometheus(watched):
    for alert, page in runbooks().items():
        shown_there = watched.prometheus.get(f"/user/runbooks/{alert}.md")
        assert shown_there.content.decode() == page


def test_rabbitmq_has_the_metrics_that_are_named(rabbitmq):
    named = {
        name
        for expression in every_expression().values()
        for name, _, _ in selectors(expression)
        if name.startswith("rabbitmq_")
    }

    text = requests.get(f"{rabbitmq.metrics_url}/metrics", timeout=10).text

    assert named
    assert named <= set(re.findall(r"^(rabbitmq_\w+)", text, re.MULTILINE))


def commands_about_rabbitmq():
    lines = "\n".join(
        it for page in runbooks().values() for it in shown(page, "console")
    )
    return sorted(set(re.findall(r"^\$ (rabbitmq.+)$", lines, re.MULTILINE)))


@pytest.mark.parametrize("line", commands_about_rabbitmq())
def test_a_command_about_rabbitmq_that_a_runbook_shows_works(rabbitmq, line):
    program, *words = line.split()

    # It raises CalledProcessError otherwise.
    ctl(rabbitmq, *words, program=program)
