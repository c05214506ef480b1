"""Show what a process tells of its health, and how it serves that."""

import socket
from importlib.metadata import version

import pytest
import requests
from flask import Flask
from prometheus_client import CollectorRegistry, Counter

from health.registry import registry_of
from health.routes import Check, blueprint
from health.server import CannotListen, serving

GOOD = Check("broker", lambda: True, "Look at RabbitMQ.")
BAD = Check("mongodb", lambda: False, "Look at MongoDB.")


@pytest.fixture
def registry():
    registry = CollectorRegistry()
    Counter("seen", "What was seen.", registry=registry).inc(3)
    return registry


def client(registry, *checks):
    app = Flask("test", static_folder=None)
    app.register_blueprint(blueprint(checks, registry))
    return app.test_client()


def test_a_process_that_answers_is_alive(registry):
    response = client(registry, BAD).get("/healthz")

    assert response.status_code == 200
    assert response.get_json() == {"status": "alive"}


def test_a_process_is_ready_when_all_checks_are_good(registry):
    response = client(registry, GOOD).get("/readyz")

    assert response.status_code == 200
    assert response.get_json() == {
        "status": "ready",
        "checks": {"broker": {"ok": True}},
    }


def test_what_is_wrong_is_named_with_a_hint(registry):
    response = client(registry, GOOD, BAD).get("/readyz")

    assert response.status_code == 503
    assert response.get_json() == {
        "status": "not ready",
        "checks": {
            "broker": {"ok": True},
            "mongodb": {"ok": False, "hint": "Look at MongoDB."},
        },
    }


def test_metrics_are_in_the_text_format(registry):
    response = client(registry).get("/metrics")

    assert response.mimetype == "text/plain"
    assert "seen_total 3.0" in response.text


@pytest.mark.parametrize("path", ["/healthz", "/readyz", "/metrics"])
def test_no_answer_is_sniffed_or_kept(registry, path):
    headers = client(registry, BAD).get(path).headers

    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize("method", ["POST", "OPTIONS", "DELETE"])
def test_health_is_only_read(registry, method):
    response = client(registry).open("/healthz", method=method)

    assert response.status_code == 405


@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
def test_health_is_served_on_a_free_port(registry, host, capfd):
    with serving(host, 0, [GOOD], registry) as port:
        base = f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
        answers = [requests.get(f"{base}/{it}", timeout=5) for it in ("readyz", "x")]

    assert [answer.status_code for answer in answers] == [200, 404]
    assert capfd.readouterr() == ("", "")


def test_nothing_is_served_afterwards(registry):
    with serving("127.0.0.1", 0, [], registry) as port:
        pass

    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port), timeout=5)


def test_the_same_address_can_be_had_again_at_once(registry):
    with serving("127.0.0.1", 0, [], registry) as port:
        requests.get(f"http://127.0.0.1:{port}/healthz", timeout=5)

    with serving("127.0.0.1", port, [], registry) as again:
        assert again == port


def test_an_address_that_is_taken_is_an_error_that_says_so(registry):
    with (
        serving("127.0.0.1", 0, [], registry) as port,
        pytest.raises(CannotListen, match=f"port {port}: .*in use"),
        serving("127.0.0.1", port, [], registry),
    ):
        pass


def test_a_process_says_which_it_is_and_what_it_takes():
    registry = registry_of("worker")
    Counter("seen", "What was seen.", registry=registry)

    text = client(registry).get("/metrics").text

    told = f'process="worker",version="{version("forgewire")}"'
    assert f"forgewire_process_info{{{told}}} 1.0" in text
    assert "process_resident_memory_bytes" in text
    assert "_created" not in text
