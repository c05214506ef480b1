"""Show what `forgewire up` does with real servers, from its first start to its end."""

import json
import os
import shlex
import signal
import subprocess
import sys
import time
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import urlsplit

import pika
import pytest
from click.testing import CliRunner
from pymongo import MongoClient

from cli.local import family
from cli.local.process import wait_until
from cli.main import main
from tests.packages import write

REAL = """
from cli.up import command

command()
"""
STANDINS = """
import os
import sys
import click
from rich.console import Console
from cli.up import run, stop_signals
from tests.standins import ROLES

with stop_signals() as should_stop:
    try:
        run(
            os.environ,
            Console(),
            verbose=True,
            reload="RELOAD" in os.environ,
            should_stop=should_stop,
            roles=ROLES,
        )
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
"""


class Up:
    """A running `forgewire up`; stand-ins are quicker than receiver and worker."""

    def __init__(self, folder, program=STANDINS, **environ):
        self.folder = folder
        self.output_file = folder.with_suffix(".out")
        self.begun = time.monotonic()
        variables = {
            "FORGEWIRE_DATA_DIR": str(folder),
            "FORGEWIRE_INGEST_BIND": "127.0.0.1:0",
            "FORGEWIRE_API_BIND": "127.0.0.1:0",
            "FORGEWIRE_WORKER_BIND": "127.0.0.1:0",
        }
        with self.output_file.open("wb") as output:
            self.process = subprocess.Popen(
                [sys.executable, "-u", "-c", program],
                env=os.environ | variables | environ,
                stdout=output,
                stderr=subprocess.STDOUT,
            )

    @property
    def output(self):
        return self.output_file.read_text()

    def wait_for(self, words):
        self.wait(lambda: words in self.output)

    def wait(self, condition):
        assert wait_until(condition, seconds=60), self.output

    def endpoints(self):
        self.wait_for("curl ")
        return json.loads((self.folder / "endpoints.json").read_text())

    def finish(self, number=signal.SIGTERM):
        """Send a signal; return the exit code once nobody is left."""
        self.process.send_signal(number)
        code = self.process.wait(60)
        self.wait(lambda: not who_knows(self.folder))
        return code


def who_knows(folder):
    """Return the processes whose command or environment names a folder."""
    found = []
    for each in family.listing():
        texts = [Path("/proc", str(each.pid), name) for name in ("cmdline", "environ")]
        try:
            if any(os.fsencode(folder) in text.read_bytes() for text in texts):
                found.append(each.pid)
        except OSError:
            continue
    return found


def request(url, path, method="GET", **sent):
    parts = urlsplit(url)
    connection = HTTPConnection(parts.hostname, parts.port, timeout=10)
    try:
        connection.request(method, path, **sent)
        return connection.getresponse().status
    finally:
        connection.close()


def run_curl(line):
    """Do what a printed curl line would, for a machine may have no curl."""
    words = shlex.split(line)
    headers = [words[at + 1] for at, word in enumerate(words) if word == "-H"]
    url = next(word for word in words if word.startswith("http"))
    body = words[words.index("-d") + 1]
    json.loads(body)
    return request(
        url,
        urlsplit(url).path,
        "POST",
        body=body,
        headers=dict(header.split(": ", 1) for header in headers),
    )


@pytest.fixture
def start(tmp_path):
    """Start `forgewire up` in a folder, which later starts find again."""
    started = []

    def start(**environ):
        started.append(Up(tmp_path / "var", **environ))
        return started[-1]

    yield start
    for one in started:
        if one.process.poll() is None:
            one.finish()


NO_SERVERS = {
    "FORGEWIRE_AMQP_URL": "amqp://somebody:hush@127.0.0.1:1/%2F",
    "FORGEWIRE_MONGODB_URL": "mongodb://127.0.0.1:1/forgewire",
}


def publish(url):
    with pika.BlockingConnection(pika.URLParameters(url)) as connection:
        channel = connection.channel()
        channel.confirm_delivery()
        channel.queue_declare(
            "kept", durable=True, arguments={"x-queue-type": "quorum"}
        )
        channel.basic_publish("", "kept", b"still here", mandatory=True)


def waiting_messages(url):
    with pika.BlockingConnection(pika.URLParameters(url)) as connection:
        channel = connection.channel()
        return channel.queue_declare("kept", passive=True).method.message_count


def users(url):
    with MongoClient(url) as client:
        return [it["username"] for it in client.get_default_database().users.find()]


def find(folder, program):
    """Return the process of a program that works in a folder."""
    for pid in who_knows(folder):
        if program in Path("/proc", str(pid), "cmdline").read_bytes().split(b"\0")[0]:
            return pid
    raise AssertionError(program)


@pytest.fixture(scope="module")
def first(tmp_path_factory):
    """A first start, of the real thing, that took a hook and was then stopped."""
    up = Up(tmp_path_factory.mktemp("up") / "var", REAL)
    up.endpoints_then = up.endpoints()
    publish(up.endpoints_then["amqp_url"])
    up.wait_for("prometheus --config.file=")
    up.curl_line = next(it for it in up.output.splitlines() if it.startswith("curl "))
    up.curl_answer = run_curl(up.curl_line)
    up.wait(lambda: users(up.endpoints_then["mongodb_url"]) == ["ada"])
    up.api_status = request(
        up.endpoints_then["api"],
        "/api/v1/me",
        headers={"Authorization": f"Bearer {minted(up)}"},
    )
    up.link_answers = [request(link := link_of(up), urlsplit(link).path) for _ in "12"]
    up.private = [oct((up.folder / name).stat().st_mode)[-3:] for name in PRIVATE]
    up.code = up.finish()
    return up


def link_of(up):
    """The link to the console that was printed."""
    line = next(it for it in up.output.splitlines() if it.startswith("  console "))
    return line.split()[1]


def minted(up):
    """The token that the printed command makes, in the folder of the stack."""
    line = next(it for it in up.output.splitlines() if it.startswith("forgewire token"))
    return subprocess.check_output(
        [
            Path(sys.executable).parent / word if word == "forgewire" else word
            for word in shlex.split(line)
        ],
        env=os.environ | {"FORGEWIRE_DATA_DIR": str(up.folder)},
        text=True,
    ).strip()


PRIVATE = (".", "token", "endpoints.json", "jwt-keys.json")


def test_the_printed_curl_line_works(first):
    assert first.curl_answer == 202


def test_the_printed_command_makes_a_token_that_the_api_takes(first):
    assert first.api_status == 200


def test_prometheus_can_be_started_with_the_printed_line(first):
    line = next(it for it in first.output.splitlines() if it.startswith("prometheus "))
    config = shlex.split(line)[1].removeprefix("--config.file=")

    done = subprocess.run(
        ["promtool", "check", "config", config],
        capture_output=True,
        text=True,
        check=False,
        timeout=30,
    )

    assert config == str(first.folder / "prometheus.yml")
    assert done.returncode == 0, done.stderr
    assert "3 rule files found" in done.stdout
    for process in ("ingest", "worker", "api"):
        assert (
            first.endpoints_then[process].removeprefix("http://")
            in Path(config).read_text()
        )


def test_the_printed_link_opens_the_console_once(first):
    assert first.link_answers == [303, 403]


def test_secrets_are_for_their_owner_alone(first):
    assert first.private == ["700", "600", "600", "600"]


def test_sigterm_stops_everything_in_order(first):
    stops = [it for it in first.output.splitlines() if it.startswith("stopping")]

    assert first.code == 0
    assert not (first.folder / "endpoints.json").exists()
    assert stops == [
        "stopping the receiver",
        "stopping the API",
        "stopping the worker",
        "stopping RabbitMQ",
        "stopping MongoDB",
    ]


def test_a_second_start_finds_what_the_first_one_left(first):
    second = Up(first.folder)
    endpoints = second.endpoints()

    messages = waiting_messages(endpoints["amqp_url"])
    found = users(endpoints["mongodb_url"])
    second.finish()

    assert messages == 1
    assert found == ["ada"]
    for server in ("amqp_url", "mongodb_url"):
        assert endpoints[server] == first.endpoints_then[server]
    assert first.curl_line.split("Token: ")[1].split('"')[0] in second.output


def test_everything_stops_when_a_server_is_gone(start):
    up = start(FORGEWIRE_AMQP_URL=NO_SERVERS["FORGEWIRE_AMQP_URL"])
    up.endpoints()
    mongod = find(up.folder, b"mongod")

    os.kill(mongod, signal.SIGKILL)

    assert up.process.wait(60) == 1
    assert "MongoDB is gone; its log" in up.output
    up.wait(lambda: not who_knows(up.folder))


def test_it_says_at_once_what_it_does(start):
    up = start(**NO_SERVERS)

    up.wait(lambda: up.output)

    assert time.monotonic() - up.begun < 2


def test_a_killed_start_leaves_no_process_behind(start):
    up = start()
    up.wait_for("MongoDB is ready")

    up.process.kill()

    up.process.wait()
    up.wait(lambda: not who_knows(up.folder))


def test_a_start_waits_for_the_servers_of_a_killed_one(start):
    up = start(FORGEWIRE_AMQP_URL=NO_SERVERS["FORGEWIRE_AMQP_URL"])
    up.endpoints()
    servers = set(who_knows(up.folder)) - {up.process.pid}

    up.process.kill()
    up.process.wait()
    again = start(**NO_SERVERS)
    again.endpoints()

    assert not servers & set(who_knows(up.folder))


def test_ctrl_c_while_the_servers_start_stops_them(start):
    up = start()
    up.wait_for("starting RabbitMQ")

    code = up.finish(signal.SIGINT)

    assert code == 0
    assert "everything is stopped" in up.output


def test_a_process_of_ours_that_ends_is_started_again(start):
    up = start(**NO_SERVERS)
    worker = up.endpoints()["worker"]

    with pytest.raises(OSError, match="closed"):
        request(worker, "/die")

    up.wait_for("the worker was started again")
    up.wait_for("worker | I was told to die")
    up.wait(lambda: up.output.count("worker | listening") == 1)
    assert "the worker ended with exit code 3" in up.output
    assert str(up.folder / "logs" / "worker.log") in up.output
    assert up.finish() == 0


def test_the_worker_starts_anew_with_handlers_that_changed(start, tmp_path):
    installed = tmp_path / "installed"
    write(installed, "badges", "")
    up = start(**NO_SERVERS, RELOAD="1", PYTHONPATH=str(installed))
    up.endpoints()

    (installed / "badges.py").write_text("def save(:")
    up.wait_for("they do not load")
    (installed / "badges.py").write_text("import handlers")
    up.wait(lambda: up.output.count("the worker is ready") == 2)

    up.wait(lambda: up.output.count("API is ready") == 2)
    up.wait_for("worker | listening")
    assert up.output.count("receiver is ready") == 1
    assert f"handlers changed: {installed / 'badges.py'}" in up.output
    assert "the worker ended" not in up.output
    assert up.finish() == 0


def test_two_starts_do_not_share_a_folder(start):
    first = start(**NO_SERVERS)
    first.endpoints()

    second = start(**NO_SERVERS)

    assert second.process.wait(30) == 1
    assert f"another stack runs in {first.folder}" in second.output
    assert first.process.poll() is None
    assert (first.folder / "endpoints.json").exists()


def test_passwords_of_servers_are_not_shown(start):
    up = start(**NO_SERVERS)

    up.endpoints()

    assert "amqp://127.0.0.1:1/%2F" in up.output
    assert "hush" not in up.output


def test_wrong_settings_are_told_at_once(tmp_path):
    environ = {"FORGEWIRE_DATA_DIR": str(tmp_path), "FORGEWIRE_BATCH_SIZE": "lots"}

    result = CliRunner().invoke(main, ["up"], env=environ)

    assert result.exit_code == 1
    assert "Error: The settings are wrong" in result.output
    assert "FORGEWIRE_BATCH_SIZE" in result.output
