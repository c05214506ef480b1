"""AMQP URLs: several, with our time-outs, and never shown."""

import pytest

from broker import addresses
from broker.errors import BadAddress

SECRET = "s3cret-of-the-tests"


def test_every_url_of_the_list_counts():
    first, second = addresses.parse(
        "amqp://a:b@one:5673/%2F, amqps://two/other", name="worker"
    )

    assert addresses.label(first) == "one:5673"
    assert addresses.label(second) == "two:5671/other"
    assert second.ssl_options is not None
    assert first.client_properties == {"connection_name": "worker"}


def test_every_time_out_is_set():
    (found,) = addresses.parse("amqp://localhost", name="worker")

    assert {name: getattr(found, name) for name in addresses.TIMEOUTS} == (
        addresses.TIMEOUTS
    )


def test_a_time_out_in_the_url_comes_first():
    (found,) = addresses.parse("amqp://localhost?heartbeat=7", name="worker")

    assert found.heartbeat == 7
    assert found.socket_timeout == 5


@pytest.mark.parametrize(
    "url",
    [
        "",
        "http://localhost",
        f"amqp://user:{SECRET}/with/slash@host",
        f"amqp://{SECRET}@host",
        f"amqp://host?heartbeat={SECRET}",
        f"amqp://host?tcp_options={SECRET} {SECRET}",
        f"amqp://good,amqp://[{SECRET}",
    ],
)
def test_a_malformed_url_is_refused_and_not_shown(url):
    with pytest.raises(BadAddress) as caught:
        addresses.parse(url, name="worker")

    assert SECRET not in str(caught.value)
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__ or caught.value.__context__ is None
