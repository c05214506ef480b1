"""Show what `forgewire up` writes for Prometheus, and says of it."""

import shlex
from dataclasses import replace

import pytest
from ruamel.yaml import YAML

from cli.local import prometheus
from cli.local.endpoints import Endpoints

AT = Endpoints(
    ingest="http://127.0.0.1:8080",
    worker="http://127.0.0.1:8082",
    api="http://[::1]:8081",
    public_url="https://forgewire.example",
    rabbitmq_metrics_urls=("http://mq-1:15692", "https://mq-2/plugin"),
    amqp_url="amqp://user:hush@127.0.0.1/",
    mongodb_url="mongodb://user:hush@127.0.0.1/forgewire",
    token="hush",
)


@pytest.fixture
def prometheus_on_path(tmp_path):
    folder = tmp_path / "bin"
    folder.mkdir()
    (folder / "prometheus").write_text("#!/bin/sh\n")
    (folder / "prometheus").chmod(0o755)
    return str(folder)


def scraped(config):
    """The URLs that Prometheus makes of a configuration, by job, and their machines."""
    return {
        job["job_name"]: [
            (url(target, it["labels"]), it["labels"]["machine"])
            for it in job["static_configs"]
            for target in it["targets"]
        ]
        for job in config["scrape_configs"]
    }


def url(target, labels):
    return f"{labels['__scheme__']}://{target}{labels['__metrics_path__']}"


def test_every_process_and_every_node_is_scraped():
    config = prometheus.configuration(AT)

    assert scraped(config) == {
        "forgewire-ingest": [("http://127.0.0.1:8080/metrics", "127.0.0.1")],
        "forgewire-worker": [("http://127.0.0.1:8082/metrics", "127.0.0.1")],
        "forgewire-api": [("http://[::1]:8081/metrics", "::1")],
        "rabbitmq": [
            ("http://mq-1:15692/metrics", "mq-1"),
            ("https://mq-2/plugin/metrics", "mq-2"),
        ],
    }


def test_a_reactor_is_scraped_where_there_is_one():
    config = prometheus.configuration(replace(AT, reactor="http://127.0.0.1:8083"))

    reactor = scraped(config)["forgewire-reactor"]
    assert reactor == [("http://127.0.0.1:8083/metrics", "127.0.0.1")]


def test_the_file_is_yaml_and_holds_no_secret(tmp_path):
    file = prometheus.write(tmp_path, AT)

    text = file.read_text()
    assert YAML(typ="safe").load(text) == prometheus.configuration(AT)
    assert "hush" not in text


def test_the_line_that_starts_prometheus_names_the_file(tmp_path, prometheus_on_path):
    file = tmp_path / "my data" / "prometheus.yml"

    said = prometheus.advice(file, path=prometheus_on_path)

    line = shlex.split(said.splitlines()[-1])
    assert line[0] == "prometheus"
    assert f"--config.file={file}" in line
    assert f"--storage.tsdb.path={tmp_path / 'my data' / 'prometheus'}" in line


def test_without_prometheus_one_is_told_what_to_install(tmp_path):
    said = prometheus.advice(tmp_path / "prometheus.yml", path=str(tmp_path))

    assert "apt-get install prometheus" in said
    assert str(tmp_path / "prometheus.yml") in said
