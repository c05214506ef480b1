"""Requests are counted and timed by route, and no caller can add to the labels."""

import pytest
from prometheus_client.parser import text_string_to_metric_families

from tests.apis import without_mongodb


@pytest.fixture
def client(tmp_path):
    with without_mongodb(tmp_path) as client:
        yield client


def counted(client):
    """The requests of the API by method, route and status."""
    found = {}
    for family in text_string_to_metric_families(client.get("/metrics").text):
        for sample in family.samples:
            if sample.name == "forgewire_api_requests_total":
                labels = sample.labels
                key = labels["method"], labels["route"], labels["status"]
                found[key] = sample.value
    return found


def test_each_request_is_counted_by_its_route_however_it_ends(client):
    client.get("/healthz")
    client.get("/healthz")
    client.get("/api/v1/users/gitlab:41")
    client.get("/oauth/discovery/keys?access_token=x")

    found = counted(client)

    assert found["GET", "/healthz", "200"] == 2
    assert found["GET", "/api/v1/users/<string:id>", "401"] == 1
    assert found["GET", "/oauth/discovery/keys", "400"] == 1


def test_what_callers_make_up_adds_no_label(client):
    for number in range(5):
        client.get(f"/nowhere/{number}")
        client.open("/healthz", method=f"BREW{number}")

    found = counted(client)

    assert found["GET", "other", "404"] == 5
    assert found["other", "other", "405"] == 5


def test_requests_are_timed(client):
    client.get("/healthz")

    text = client.get("/metrics").text

    assert 'forgewire_api_request_seconds_count{route="/healthz"} 1.0' in text
