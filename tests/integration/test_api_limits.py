"""What guards the API, shown at real processes: limits, bodies, proxies."""

import socket
import time

import pytest
import requests

from tests.api import Api
from tests.apis import another

TRIES = ["/api/v1/tokens", "/api/v4/code_suggestions/tokens", "/login/gitlab"]


@pytest.fixture(scope="module")
def api(mongodb, tmp_path_factory):
    api = Api(
        tmp_path_factory.mktemp("api"),
        mongodb.url,
        LOGIN_RATE="5/hour",
        API_MAX_BODY_BYTES="1000",
        TRUSTED_PROXIES="127.0.0.1",
    )
    yield api.wait()
    api.close()


def tries(api, path=TRIES[0], **headers):
    return api.call("POST", path, headers=headers)


def test_one_address_may_try_so_often_wherever_and_at_whichever_process(api):
    person = {"X-Forwarded-For": "192.0.2.1"}
    for path in (TRIES * 2)[:5]:
        assert tries(api, path, **person).status_code != 429
    for path in TRIES:
        answer = tries(api, path, **person)
        assert answer.status_code == 429
        assert answer.headers["Content-Type"] == "application/problem+json"
        assert 3500 < int(answer.headers["Retry-After"]) <= 3601
    # Another process that looks after the same database knows.
    client = another(api)
    told = {"headers": person, "environ_base": {"REMOTE_ADDR": "127.0.0.1"}}
    assert client.post(TRIES[0], **told).status_code == 429
    # Nothing else is kept from them, nor anything from others.
    assert api.call("GET", "/healthz", headers=person).status_code == 200
    assert api.call("GET", "/api/v1/me", role="viewer", headers=person).ok
    assert tries(api, **{"X-Forwarded-For": "192.0.2.2"}).status_code == 401


def test_who_invents_an_address_before_the_proxys_word_is_counted_all_the_same(api):
    seen = {
        tries(api, **{"X-Forwarded-For": f"198.51.100.{one}, 192.0.2.3"}).status_code
        for one in range(6)
    }
    assert seen == {401, 429}


def test_a_count_begins_anew_and_is_removed_in_time(api):
    client = another(api, login_rate="1/second")
    deadline = time.monotonic() + 10
    while client.post(TRIES[0]).status_code != 429:
        assert time.monotonic() < deadline
    while client.post(TRIES[0]).status_code != 401:
        assert time.monotonic() < deadline
    indexes = api.db["attempts"].index_information()
    assert indexes["expiry"]["expireAfterSeconds"] == 0
    assert indexes["expiry"]["key"] == [("expireAt", 1)]
    row = api.db["attempts"].find_one()
    assert set(row) == {"_id", "count", "expireAt"}


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/api/v1/dead-letters/drop", 401),
        ("/api/v1/tokens", 401),
        ("/api/v1/login/gitlab", 404),
        ("/nowhere", 404),
    ],
)
def test_a_strangers_body_is_not_waited_for(api, path, status):
    with socket.create_connection(
        (api.settings.api_bind.host, api.settings.api_bind.port), timeout=5
    ) as connection:
        head = f"POST {path} HTTP/1.1\r\nHost: x\r\nX-Forwarded-For: 192.0.2.9\r\n"
        connection.sendall(f"{head}Content-Length: 500\r\n\r\n{{".encode())
        assert connection.recv(4096).startswith(f"HTTP/1.1 {status} ".encode())


def test_a_body_that_is_too_large_is_refused(api):
    answer = sends(api, b" " * 1001)
    assert answer.status_code == 413
    assert answer.headers["Content-Type"] == "application/problem+json"


def test_a_body_whose_length_is_not_told_is_refused(api):
    answer = sends(api, iter([b"{}"]))
    assert answer.status_code == 411
    assert answer.headers["Content-Type"] == "application/problem+json"


def sends(api, body):
    return api.call(
        "POST",
        "/api/v1/dead-letters/drop",
        role="admin",
        headers={"Content-Type": "application/json"},
        data=body,
    )


def test_a_token_in_a_url_is_refused_and_not_logged(api):
    token = api.token("admin")
    for name in ("access_token", "private_token", "id_token"):
        answer = api.call("GET", "/api/v1/me", params={name: token})
        assert answer.status_code == 400
    # Nor does it help beside a good one.
    answer = api.call("GET", "/api/v1/me", token=token, params={"access_token": "x"})
    assert answer.status_code == 400
    assert token not in api.log.read_text()


def test_headers_are_on_what_the_server_sends(api):
    answer = requests.get(f"{api.url}/apidocs", timeout=5)
    assert "script-src 'self'" in answer.headers["Content-Security-Policy"]
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
