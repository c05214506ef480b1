"""Give every test real servers of the run's own, and fresh names in them."""

import os
import secrets

import pytest
from hypothesis import HealthCheck, settings
from pymongo import MongoClient

from broker.topology import Topology
from cli.local import mongodb as local_mongodb
from cli.local import rabbitmq as local_rabbitmq
from state.client import connect
from tests import memory
from tests.api import Api
from tests.rabbit import channel, publishing
from tests.working import at_database

memory.prefer()
settings.register_profile(
    "ci",
    deadline=None,
    derandomize=True,
    print_blob=True,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.register_profile(
    "long", parent=settings.get_profile("ci"), derandomize=False, max_examples=5_000
)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ci"))


@pytest.fixture(scope="session")
def rabbitmq(tmp_path_factory):
    """A RabbitMQ node; missing, it fails the test that wants it."""
    server = local_rabbitmq.start(tmp_path_factory.mktemp("rabbitmq"))
    yield server
    server.stop()


@pytest.fixture(scope="session")
def mongodb(tmp_path_factory):
    """A MongoDB; missing, it fails the test that wants it."""
    server = local_mongodb.start(tmp_path_factory.mktemp("mongodb"))
    yield server
    server.stop()


@pytest.fixture
def amqp_url(rabbitmq):
    return rabbitmq.url


@pytest.fixture
def mongodb_url(mongodb):
    return mongodb.url


@pytest.fixture
def database(mongodb_url):
    """A database that only this test knows."""
    name = f"test_{secrets.token_hex(6)}"
    with MongoClient(mongodb_url, w="majority", tz_aware=True) as client:
        yield client[name]
        client.drop_database(name)


@pytest.fixture(scope="module")
def shared_database(mongodb):
    """One database for all tests of a module: for tests that a new one would slow."""
    url = at_database(mongodb.url, f"test_{secrets.token_hex(6)}")
    db = connect(url, name="tests")
    yield db
    db.client.drop_database(db.name)
    db.client.close()


@pytest.fixture
def prefix():
    """A name in front of all queues of one test."""
    return f"test-{secrets.token_hex(6)}"


@pytest.fixture
def topology(amqp_url, prefix):
    """The queues of one test, deleted at its end."""
    topology = Topology(prefix)
    yield topology
    with channel(amqp_url) as it:
        for name in (topology.events, topology.dead_letters):
            it.queue_delete(name)
            it.exchange_delete(name)


@pytest.fixture
def publisher(amqp_url, topology):
    """A publisher that has connected to the queues of this test."""
    with publishing(amqp_url, topology) as publisher:
        yield publisher


@pytest.fixture
def servers(amqp_url, topology, mongodb_url, database):
    """The settings that lead to the servers of this test."""
    return {
        "AMQP_URL": amqp_url,
        "AMQP_PREFIX": topology.prefix,
        "MONGODB_URL": at_database(mongodb_url, database.name),
    }


@pytest.fixture(scope="module")
def api_settings():
    """Further variables for the `api` of a module, which may have its own fixture."""
    return {}


@pytest.fixture(scope="module")
def api(mongodb, tmp_path_factory, api_settings):
    """A real API that the tests of a module share; see tests/api.py."""
    running = Api(tmp_path_factory.mktemp("api"), mongodb.url, **api_settings)
    try:
        yield running.wait()
    finally:
        running.close()
