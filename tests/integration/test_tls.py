"""Both servers can be spoken to by TLS, and one with a wrong certificate is refused."""

from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import pytest
import trustme

from broker import addresses
from broker.errors import BadAddress
from cli.local import mongodb as local_mongodb
from cli.local import ports
from cli.local.process import Child
from state.client import BadAddress as BadMongoAddress
from state.client import connect
from tests.chaos.rabbits import Rabbits
from tests.receiver import Receiver, until
from tests.working import Worker

#: Servers of the module's own may start while other tests use the machine.
pytestmark = pytest.mark.timeout(240)

HOOK = (
    b'{"event_name": "user_create", "user_id": 7, "username": "rowan", "name": "Rowan",'
    b' "email": "rowan@corp.example", "created_at": "2026-03-01T09:00:00Z",'
    b' "updated_at": "2026-03-01T09:00:00Z"}'
)
RABBITMQ = """\
listeners.ssl.1 = 127.0.0.1:{port}
ssl_options.cacertfile = {folder}/ca.pem
ssl_options.certfile = {folder}/server.crt
ssl_options.keyfile = {folder}/server.key
"""


@dataclass(frozen=True)
class Certificates:
    """A folder with a server's certificate, its authority, and one that is another."""

    folder: Path

    @property
    def right(self):
        return self.folder / "ca.pem"

    @property
    def wrong(self):
        return self.folder / "other.pem"


@pytest.fixture(scope="module")
def certificates(tmp_path_factory):
    folder = tmp_path_factory.mktemp("certificates")
    authority = trustme.CA()
    server = authority.issue_cert("127.0.0.1")
    authority.cert_pem.write_to_path(folder / "ca.pem")
    trustme.CA().cert_pem.write_to_path(folder / "other.pem")
    server.private_key_pem.write_to_path(folder / "server.key")
    server.cert_chain_pems[0].write_to_path(folder / "server.crt")
    server.private_key_and_cert_chain_pem.write_to_path(folder / "server.pem")
    return Certificates(folder)


@pytest.fixture(scope="module")
def amqps_port(certificates, tmp_path_factory):
    port = ports.free()
    config = RABBITMQ.format(port=port, folder=certificates.folder)
    folder = tmp_path_factory.mktemp("tls") / "rabbitmq"
    node = Rabbits(folder, size=1, config=config)
    yield node.wait() and port
    node.stop()


@pytest.fixture(scope="module")
def mongodb_port(certificates, tmp_path_factory):
    folder, port = tmp_path_factory.mktemp("tls-mongodb"), ports.free()
    command = [
        str(local_mongodb.find()),
        *local_mongodb._options(folder, port),
        "--tlsMode=preferTLS",
        f"--tlsCertificateKeyFile={certificates.folder / 'server.pem'}",
        f"--tlsCAFile={certificates.right}",
        "--tlsAllowConnectionsWithoutCertificates",
    ]
    child = Child("MongoDB", command, env={}, log=folder / "mongodb.log")
    server = local_mongodb.MongoDB(port, child)
    server.wait()
    yield port
    server.stop()


def amqps(port, authority):
    options = quote(str({"cafile": str(authority)}))
    return f"amqps://guest:guest@127.0.0.1:{port}/%2F?ssl_options={options}"


def mongodb_tls(port, authority, database="forgewire"):
    options = f"replicaSet=rs0&tls=true&tlsCAFile={quote(str(authority))}"
    return f"mongodb://127.0.0.1:{port}/{database}?{options}"


def test_a_hook_becomes_state_by_tls_alone(
    amqps_port, mongodb_port, certificates, prefix, tmp_path
):
    amqp_url = amqps(amqps_port, certificates.right)
    mongodb_url = mongodb_tls(mongodb_port, certificates.right)
    receiver = Receiver(tmp_path, amqp_url, prefix).wait()
    worker = Worker(tmp_path, amqp_url, prefix, mongodb_url)
    db = connect(mongodb_url, name="test")

    answer = receiver.post(HOOK)

    assert answer.json()["status"] == "queued"
    until(lambda: db["users"].find_one({"username": "rowan"}), "the user is there")
    assert worker.end() == 0
    assert receiver.stop() == 0
    db.client.close()


def test_a_broker_that_another_authority_vouches_for_is_refused_in_words(
    amqps_port, certificates, prefix, tmp_path
):
    url = amqps(amqps_port, certificates.wrong)

    receiver = Receiver(tmp_path, url, prefix)

    until(lambda: "certificate verify failed" in receiver.log.read_text(), "it says so")
    receiver.wait("degraded")
    assert "Traceback" not in receiver.log.read_text()
    assert receiver.stop() == 0


def test_a_database_that_another_authority_vouches_for_is_refused_in_words(
    amqp_url, mongodb_port, certificates, prefix, tmp_path
):
    url = mongodb_tls(mongodb_port, certificates.wrong)

    worker = Worker(tmp_path, amqp_url, prefix, url)

    until(lambda: "certificate verify failed" in worker.log.read_text(), "it says so")
    assert worker.process.poll() is None
    assert "Traceback" not in worker.log.read_text()
    assert worker.end() == 0


def test_an_authority_for_rabbitmq_that_cannot_be_read_is_named_at_the_start():
    with pytest.raises(BadAddress, match=r"URL 1: a file .* cannot be read"):
        addresses.parse(amqps(5671, "/nowhere.pem"), name="test")


def test_an_authority_for_mongodb_that_cannot_be_read_is_named_at_the_start():
    with pytest.raises(BadMongoAddress, match="FORGEWIRE_MONGODB_URL"):
        connect(mongodb_tls(27017, "/nowhere.pem"), name="test")


def test_a_certificate_is_compared_with_the_host_of_the_url(certificates):
    url = amqps(5671, certificates.right)

    (parameters,) = addresses.parse(url, name="test")

    assert parameters.ssl_options.server_hostname == "127.0.0.1"
