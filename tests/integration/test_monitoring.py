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
    alerts,
    board_expressions,
    every_expression,
    filled_in,
    runbooks,
    selectors,
    shown,
)
from tests.proxy import Proxy
from tests.rabbit import channel, ctl
from tests.receiver import Receiver, until
from tests.samples.load import payload
from tests.working import Worker

PANELS, EXPRESSIONS, ALERTS = board_expressions(), every_expression(), alerts()
#: Of these nothing is shown while all is well, or not before minutes have gone by.
SILENT = {
    'ALERTS{alertname=~"Forgewire.*",alertstate="firing"}',
    "source:forgewire_silence:seconds",
    "source:forgewire_heard:usual",
    "source:forgewire_missed:gaps",
}
#: About the last of them nothing can be applied.
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
        self._session = requests.Session()
        self.log = folder / "prometheus.log"
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                prometheus.command(file, listen), stdout=log, stderr=log
            )

    def get(self, path, **params):
        return self._session.get(f"{self.url}{path}", params=params, timeout=20)

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
        self._session.close()
        self.process.terminate()
        self.process.wait(20)


@pytest.fixture(scope="module")
def watched(tmp_path_factory, rabbitmq, mongodb):
    """Prometheus, and a receiver, a worker and an API that have worked some hooks.

    Between RabbitMQ and the receiver is a proxy.
    """
    folder, prefix = tmp_path_factory.mktemp("watched"), f"test-{secrets.token_hex(6)}"
    proxy = Proxy(rabbitmq.port)
    api = Api(
        folder,
        mongodb.url,
        AMQP_URL=rabbitmq.url,
        AMQP_PREFIX=prefix,
        RABBITMQ_METRICS_URL=rabbitmq.metrics_url,
        SPOOL_DIR=folder / f"{prefix}-spool",
    )
    receiver = Receiver(
        folder, f"amqp://guest:guest@127.0.0.1:{proxy.port}/%2F", prefix
    )
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
    made = SimpleNamespace(
        prometheus=server, receiver=receiver, worker=worker, api=api, proxy=proxy
    )
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
        proxy.close()
        forget(rabbitmq.url, Topology(prefix))


def send(receiver, user_id):
    body = json.dumps(payload("user_create", user_id=user_id)).encode()
    answer = receiver.post(body, Idempotency_Key=secrets.token_hex(6))
    assert answer.status_code == 202
    return answer.json()["status"]


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


@pytest.mark.parametrize("where", PANELS)
def test_a_panel_shows_something(watched, where):
    expression = PANELS[where]

    def is_shown():
        asked = filled_in(expression)
        return watched.prometheus.data("query", query=asked)["result"]

    # A rate needs two scrapes, and the first audit some seconds.
    if not any(it in expression for it in SILENT):
        until(is_shown, expression)


@pytest.mark.parametrize("where", sorted(EXPRESSIONS.keys() - PANELS.keys()))
def test_prometheus_itself_can_answer_every_other_expression(watched, where):
    found = watched.prometheus.data("query", query=filled_in(EXPRESSIONS[where]))

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


@pytest.fixture
def is_so(watched):
    """A function: whether what an alert is about is so now, however short a time."""

    def is_so(alert):
        expression = ALERTS[alert]["expr"]
        return bool(watched.prometheus.data("query", query=expression)["result"])

    return is_so


def test_alerts_see_that_rabbitmq_is_away_and_that_it_is_back(watched, is_so):
    either = ("ForgewireRabbitMQAway", "ForgewireSpoolInUse")

    watched.proxy.refuse()
    until(lambda: send(watched.receiver, 41) == "spooled", "a hook is spooled")
    until(lambda: all(map(is_so, either)), either)
    watched.proxy.admit()

    until(lambda: not any(map(is_so, either)), f"neither of {either}")


def test_an_alert_sees_a_wrong_token(watched, is_so):
    def is_seen():
        answer = watched.receiver.post(b"{}", X_Gitlab_Token="wrong")
        assert answer.status_code == 401
        return is_so("ForgewireHooksRefused")

    until(is_seen, "refusals are seen")


def test_an_alert_sees_a_new_dead_letter(watched, is_so):
    until(lambda: send(watched.receiver, "forty-one") == "queued", "a hook is queued")

    until(lambda: is_so("ForgewireDeadLettersAppearing"), "the dead letter is seen")


@pytest.mark.parametrize(
    ("alert", "stop"),
    [
        ("ForgewireWorkerStopped", lambda site: site.worker.end()),
        ("ForgewireReceiverDown", lambda site: site.receiver.stop()),
        ("ForgewireMeasuringStopped", lambda site: site.api.end()),
    ],
)
def test_an_alert_sees_a_process_that_is_gone(watched, is_so, alert, stop):
    before = is_so(alert)

    stop(watched)

    until(lambda: is_so(alert), alert)
    assert not before


def test_an_alert_leads_to_its_runbook_at_prometheus(watched):
    for alert, page in runbooks().items():
        shown_there = watched.prometheus.get(f"/user/runbooks/{alert}.md")
        assert shown_there.content.decode() == page


def test_rabbitmq_has_the_metrics_that_are_named(rabbitmq):
    named = {
        name
        for expression in EXPRESSIONS.values()
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
