"""Whom tries are counted for, and what happens while MongoDB is away."""

import pytest

from api.guard import PUBLIC
from api.limiting import LIMITED, network
from tests.apis import without_mongodb


@pytest.mark.parametrize(
    ("remote", "counted"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::"),
        ("2001:db8:1:2:ffff::1", "2001:db8:1:2::"),
        ("2001:db8:1:3::1", "2001:db8:1:3::"),
        ("::1", "::"),
        ("", "unknown"),
        ("unix:", "unknown"),
    ],
)
def test_tries_are_counted_for_an_address_or_the_network_of_one(remote, counted):
    assert network(remote) == counted


def test_what_is_limited_is_all_where_a_stranger_can_guess_or_keep_busy(tmp_path):
    with without_mongodb(tmp_path) as client:
        assert client.application.view_functions.keys() > LIMITED
    # These tell what anybody may know, and ask nobody.
    assert {
        "health.healthz",
        "health.readyz",
        "health.metrics",
        "api-docs.openapi_json",
        "documents.page",
        "documents.script",
        "documents.asset",
        "published-keys.published",
        "login.providers",
        "home",
        "console.static",
        "console.sign_in",
    } == PUBLIC - LIMITED


def test_while_mongodb_is_away_a_process_counts_by_itself(tmp_path):
    with without_mongodb(tmp_path, LOGIN_RATE="2/minute") as client:
        statuses = [client.get("/-/oauth/gitlab").status_code for _ in range(4)]
        assert statuses == [404, 404, 429, 429]
        assert client.get("/healthz").status_code == 200
