"""Show how the API starts and ends, and what it does while a server is away."""

import contextlib
import signal
import socket
import threading

import pytest
import requests

from state.migrations import STEPS
from tests.api import Api
from tests.proxy import Proxy
from tests.receiver import until

#: A route that reads the database.
ROUTE = "/api/v1/me"


@pytest.fixture
def proxy(mongodb):
    between = Proxy(mongodb.port)
    yield between
    between.close()


@pytest.fixture
def start(mongodb, proxy, tmp_path_factory):
    """Start APIs of the test's own, which are stopped after it."""
    started = []

    def begin(**settings):
        folder = tmp_path_factory.mktemp("api")
        started.append(Api(folder, mongodb.url, **settings))
        return started[-1]

    yield begin
    for one in started:
        one.close()


@pytest.fixture
def apart(start, proxy):
    """An API that reaches MongoDB through the proxy only."""
    return lambda: start(
        MONGODB_URL=f"mongodb://127.0.0.1:{proxy.port}/apart?directConnection=true"
    )


def says(api, path="/readyz"):
    """The status of an answer; None while nobody listens."""
    with contextlib.suppress(requests.ConnectionError):
        return api.call("GET", path).status_code
    return None


def is_refused(api):
    """Whether nobody listens; in the moment of closing, a connection may be reset."""
    address = (api.settings.api_bind.host, api.settings.api_bind.port)
    with contextlib.suppress(ConnectionResetError):
        try:
            socket.create_connection(address, timeout=5).close()
        except ConnectionRefusedError:
            return True
    return False


def test_the_database_may_come_later_and_go_and_come_back(apart, proxy):
    proxy.refuse()
    api = apart()
    until(lambda: says(api, "/healthz") == 200, "it listens")
    early = api.call("GET", "/readyz")
    proxy.admit()
    api.wait()
    token = api.token("viewer")
    good = api.call("GET", ROUTE, token=token)

    proxy.refuse()
    away = api.call("GET", ROUTE, token=token)
    ready = says(api)
    proxy.admit()
    api.wait()
    back = api.call("GET", ROUTE, token=token)

    assert early.status_code == 503
    assert [it["ok"] for it in early.json()["checks"].values()] == [False, False]
    assert api.db["migrations"].find_one()["version"] == len(STEPS)
    assert (good.status_code, back.status_code) == (200, 200)
    assert (away.status_code, ready) == (503, 503)
    assert away.headers["Content-Type"] == "application/problem+json"
    assert away.json()["code"] == "unavailable"
    assert int(away.headers["Retry-After"]) > 0


def test_what_is_under_way_is_answered_before_the_end(apart, proxy):
    api = apart().wait()
    token = api.token("viewer")
    answers = []
    asking = threading.Thread(
        target=lambda: answers.append(api.call("GET", ROUTE, token=token))
    )

    proxy.stall()
    asking.start()
    until(lambda: proxy.bytes_held, "the request waits for the database")
    api.process.send_signal(signal.SIGTERM)
    until(lambda: is_refused(api), "new connections are refused")
    proxy.flow()
    asking.join()

    assert [it.status_code for it in answers] == [200]
    assert api.end() == 0


def test_the_log_holds_no_token_and_names_slips_of_the_pen(start):
    api = start(API_BNID="x").wait()
    token = api.token("viewer")
    api.call("GET", ROUTE, token=token)
    api.call("GET", ROUTE, token=token[:-9] + "A" * 9)
    api.call("GET", f"{ROUTE}?access_token={token}")
    code = api.end(signal.SIGINT)

    events = [line["event"] for line in api.lines()]
    text = api.log.read_text()

    assert code == 0
    assert "FORGEWIRE_API_BNID" in text
    assert "refused" in events
    assert token not in text
    assert token.split(".")[1] not in text


def test_metrics_are_there(api):
    text = api.call("GET", "/metrics").text

    assert "process_resident_memory_bytes" in text
