"""Prometheus in the Compose file finds every process once, and all that it needs."""

import re

import pytest

from tests.promql import PROMETHEUS, ROOT, yaml

COMPOSE = yaml(ROOT / "docker-compose.yml")
SERVICES = COMPOSE["services"]
SERVER = SERVICES["prometheus"]
JOBS = {
    it["job_name"]: it for it in yaml(PROMETHEUS / "prometheus.yml")["scrape_configs"]
}
#: The service that each job is to find, and where that shows its metrics.
PLACES = {
    "forgewire-ingest": ("ingest", 8080),
    "forgewire-worker": ("worker", 8082),
    "forgewire-reactor": ("reactor", 8083),
    "forgewire-api": ("api", 8081),
    "rabbitmq": ("rabbitmq", 15692),
}


def found_by(job):
    """The host and port that a job looks for."""
    if "dns_sd_configs" in job:
        (by_name,) = job["dns_sd_configs"]
        (host,) = by_name["names"]
        return host, by_name["port"]
    ((target,),) = [it["targets"] for it in job["static_configs"]]
    host, _, port = target.partition(":")
    return host, int(port)


def flags():
    return dict(it.removeprefix("--").split("=", 1) for it in SERVER["command"])


def mounts():
    """The paths in the container, and what of ours is there."""
    pairs = [it.removesuffix(":ro").split(":") for it in SERVER["volumes"]]
    return {inside: outside for outside, inside in pairs}


def test_every_process_is_scraped_where_it_listens():
    binds = dict(
        re.findall(
            r"FORGEWIRE_(\w+)_BIND=0\.0\.0\.0:(\d+)", (ROOT / "Dockerfile").read_text()
        )
    )

    assert {name: found_by(job) for name, job in JOBS.items()} == PLACES
    for service in ("ingest", "worker", "api"):
        assert int(binds[service.upper()]) == PLACES[f"forgewire-{service}"][1]


@pytest.mark.parametrize("service", [service for service, _ in PLACES.values()])
def test_prometheus_shares_one_network_with_each_so_that_none_counts_twice(service):
    shared = set(SERVER["networks"]) & set(SERVICES[service]["networks"])

    assert len(shared) == 1


def test_prometheus_can_be_reached_from_outside_and_by_grafana():
    networks = {name for name in SERVER["networks"] if not COMPOSE["networks"][name]}

    assert networks
    assert set(SERVICES["grafana"]["networks"]) <= networks


def test_prometheus_finds_configuration_rules_and_runbooks():
    inside = mounts()

    assert inside["/etc/prometheus"] == "./deploy/prometheus"
    assert flags()["config.file"] == "/etc/prometheus/prometheus.yml"
    assert inside[f"{flags()['web.user-assets']}/runbooks"] == "./docs/runbooks"


def test_prometheus_remembers_what_its_rules_look_back_at():
    looked_back = re.findall(
        r"offset (\d+)h", (PROMETHEUS / "rules" / "receiving.yml").read_text()
    )
    kept = int(flags()["storage.tsdb.retention.time"].removesuffix("d"))

    assert kept * 24 > max(map(int, looked_back)) + 24


@pytest.mark.parametrize("job", JOBS)
def test_the_machine_of_a_target_is_its_host_without_the_port(job):
    (rule,) = JOBS[job]["relabel_configs"]

    assert rule["source_labels"] == ["__address__"]
    assert rule["target_label"] == "machine"
    for address, machine in (("10.0.0.7:8080", "10.0.0.7"), ("[::1]:8080", "[::1]")):
        assert re.fullmatch(rule["regex"], address)[1] == machine
