"""Send the API what its document allows and what it does not: schemathesis, by role."""

import json
import secrets
import subprocess
import sys
from pathlib import Path

import pytest

from broker.topology import Topology
from tests.rabbit import a_message, channel, until
from tests.samples.load import event_of, names, payload
from tests.working import Worker, publish_all

CONFIG = Path(__file__).parents[1] / "schemathesis.toml"
SCHEMATHESIS = Path(sys.executable).with_name("schemathesis")
#: It would revoke the token of the run.
LOGOUT = "/-/logout"
#: Collections that are read by the same code as users are.
LIKE_USERS = "/(projects|groups|memberships|access-requests|keys|activity|approvals)"


@pytest.fixture(scope="module")
def prefix():
    return f"test-{secrets.token_hex(6)}"


@pytest.fixture(scope="module")
def api_settings(rabbitmq, prefix):
    """Queues of its own, and as many tries to sign in as it takes."""
    return {
        "AMQP_URL": rabbitmq.url,
        "AMQP_PREFIX": prefix,
        "LOGIN_RATE": "1000000/second",
    }


@pytest.fixture(scope="module")
def filled(api, rabbitmq, prefix, tmp_path_factory):
    """The API when a worker has worked all samples, and buried what is no event."""
    samples = [
        a_message(
            name,
            event=event_of(name),
            receipt=f"test.{name}",
            body=json.dumps(payload(name)).encode(),
        )
        for name in names()
    ]
    bad = a_message("bad", event="user_create", receipt="test.bad", body=b"{}")
    worker = Worker(
        tmp_path_factory.mktemp("worker"),
        rabbitmq.url,
        prefix,
        api.settings.mongodb_url,
    )
    publish_all(rabbitmq.url, prefix, [*samples, bad])
    until(lambda: api.db["deliveries"].count_documents({}) > len(samples))
    worker.end()
    yield api
    with channel(rabbitmq.url) as it:
        for name in (Topology(prefix).events, Topology(prefix).dead_letters):
            it.queue_delete(name)
            it.exchange_delete(name)


def run(api, role, *options):
    """What schemathesis says; its exit code is 1 if it finds a failure."""
    return subprocess.run(
        [
            SCHEMATHESIS,
            f"--config-file={CONFIG}",
            "run",
            f"{api.url}/apidocs.json",
            f"--header=Authorization: Bearer {api.token(role)}",
            f"--exclude-path={LOGOUT}",
            "--seed=1",
            "--generation-database=none",
            "--warnings=off",
            "--no-color",
            "--workers=1",
            *options,
        ],
        capture_output=True,
        text=True,
        check=False,
        cwd=api.folder,
        timeout=100,
    )


@pytest.mark.parametrize("role", ["viewer", "operator", "admin"])
def test_what_each_role_sends_at_random_is_answered_as_documented(filled, role):
    done = run(filled, role, "--phases=fuzzing", "--max-examples=2")

    assert done.returncode == 0, done.stdout


def test_every_parameter_is_checked_as_documented(filled):
    done = run(
        filled, "admin", "--phases=coverage", f"--exclude-path-regex={LIKE_USERS}"
    )

    assert done.returncode == 0, done.stdout
