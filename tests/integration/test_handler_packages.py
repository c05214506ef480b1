"""Handlers in a package of their own: installed by pip, at work on real servers."""

import json
import os
import runpy
import subprocess
import sys

import pytest

from broker.reaction_topology import ReactionTopology
from cli.handler_state import HandlerState
from tests.commands import run_json
from tests.inbox import Inbox
from tests.packages import EXAMPLES, install, write
from tests.processes import ROOT
from tests.rabbit import channel
from tests.reacting import Reactor
from tests.receiver import Receiver, until
from tests.samples.load import FOLDER
from tests.working import Worker

FORGEWIRE = (sys.executable, "-c", "from cli.main import main; main()")
SAMPLES = EXAMPLES / "badges" / "samples"
#: Claims an event that the example claims as well.
MEDALS = '''"""Hang medals."""

from handlers import Put, handles
from schemas.users import UserSchema


@handles("badge_create", schema=UserSchema)
def hang(user):
    return [Put("medals", user.user_id, {})]
'''


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    """A folder into which pip installed the examples."""
    folder = tmp_path_factory.mktemp("installed")
    return install(folder, EXAMPLES / "badges", EXAMPLES / "announce")


@pytest.fixture(scope="module")
def medals(tmp_path_factory):
    """A folder with a package that claims an event of an example."""
    return write(tmp_path_factory.mktemp("medals"), "medals", MEDALS)


@pytest.fixture(scope="module")
def both(installed, medals):
    """A path on which both are found."""
    return f"{installed}{os.pathsep}{medals}"


@pytest.fixture
def start(tmp_path, servers):
    """Starts workers, or others, on this test's servers, and ends them."""
    started = []

    def start(plugins, kind=Worker, **settings):
        at = (servers["AMQP_URL"], servers["AMQP_PREFIX"], servers["MONGODB_URL"])
        process = kind(tmp_path, *at, plugins=plugins, **settings)
        started.append(process)
        return process

    yield start
    for process in started:
        if process.process.poll() is None:
            process.end()


@pytest.fixture
def receiver(tmp_path, servers):
    receiver = Receiver(tmp_path, servers["AMQP_URL"], servers["AMQP_PREFIX"])
    yield receiver.wait()
    receiver.stop()


@pytest.fixture
def inbox(monkeypatch):
    """Another system, which the example of a reaction tells of accounts."""
    inbox = Inbox()
    for name, value in inbox.environ.items():
        monkeypatch.setenv(name, value)
    yield inbox
    inbox.close()


@pytest.fixture
def reactor(start, installed, inbox, amqp_url, topology):
    """A reactor with that example; its queues go with it."""
    process = start(installed, Reactor, HANDLER_PACKAGES="announce")
    yield process
    process.end()
    found = ReactionTopology(topology.prefix)
    with channel(amqp_url) as it:
        for name in (found.events, found.dead_letters, *map(found.retry, found.tiers)):
            it.queue_delete(name)
            it.exchange_delete(name)


def post(receiver, *names, folder=SAMPLES):
    for name in names:
        answer = receiver.post((folder / f"{name}.json").read_bytes())
        assert answer.status_code == 202, answer.text


def outcomes(database, number):
    """What became of so many deliveries, by event."""
    until(
        lambda: database["deliveries"].count_documents({}) == number,
        "each delivery has a row",
    )
    return {row["event"]: row["outcome"] for row in database["deliveries"].find()}


def handlers(plugins, packages=""):
    """What `forgewire handlers` says where these packages are installed."""
    env = {k: v for k, v in os.environ.items() if not k.startswith("FORGEWIRE_")}
    env |= {"PYTHONPATH": str(plugins), "FORGEWIRE_HANDLER_PACKAGES": packages}
    return subprocess.run(
        [*FORGEWIRE, "handlers", "--json"],
        cwd=ROOT,
        env=env,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def deciders(done):
    """The handler of each event, from what `handlers` returned."""
    assert done.returncode == 0, done.stderr
    return {one["event"]: one["handler"] for one in json.loads(done.stdout)}


def test_an_installed_package_decides_what_its_events_mean(
    start, receiver, both, database, servers
):
    start(both, HANDLER_PACKAGES="badges")

    post(receiver, "badge_update", "badge_destroy", "badge_create")

    assert "dead" not in outcomes(database, 3).values()
    shown = run_json("state", "show", "badges", 7, **servers)
    assert (shown["label"], shown["state"]) == ("First merge request", "active")
    gone = run_json("state", "show", "badges", 8, **servers)
    assert gone["state"] == "deleted"


def test_a_package_that_is_off_decides_nothing(start, receiver, both, database):
    start(both, HANDLER_PACKAGES="none")

    post(receiver, "badge_create")

    assert outcomes(database, 1) == {"badge_create": "ignored"}


def test_two_packages_that_claim_one_event_stop_the_start(
    start, both, installed, medals
):
    worker = start(both)

    assert worker.process.wait(30) == 2
    (line,) = worker.log.read_text().splitlines()
    assert line.startswith("The worker cannot run: badge_create is claimed by ")
    assert f"badges.handlers.save ({installed}/badges/handlers.py:" in line
    assert f"medals.hang ({medals}/medals.py:7)" in line
    assert line.endswith("FORGEWIRE_HANDLER_PACKAGES")


def test_of_two_packages_that_claim_one_event_one_can_be_on(both):
    at_once, one = handlers(both), handlers(both, "medals")

    assert at_once.returncode == 2
    assert at_once.stderr.startswith("Error: badge_create is claimed by ")
    assert deciders(one)["badge_create"] == "medals.hang"
    assert "badge_update" not in deciders(one)


def test_the_example_keeps_what_handlers_promise(database, monkeypatch):
    monkeypatch.syspath_prepend(EXAMPLES / "badges")
    its = runpy.run_path(str(EXAMPLES / "badges" / "test_contract.py"))

    its["test_contract"](HandlerState(database))


def test_an_installed_reaction_tells_another_system_once_of_each_change(
    start, receiver, reactor, installed, inbox, database
):
    start(installed, HANDLER_PACKAGES="announce")
    inbox.answers = [503]

    post(receiver, "user_create.before-rename", folder=FOLDER)
    outcomes(database, 1)
    post(receiver, "user_rename", "user_create.before-rename", folder=FOLDER)

    outcomes(database, 3)
    until(lambda: len(inbox.requests) >= 3, "each change is told, and one again")
    told = {it["type"]: it["data"] for it in inbox.opened().values()}
    assert told["users.created"]["username"] == "esi.m"
    assert told["users.changed"]["username"] == "emensah"
    assert told["users.changed"]["id"] == 205
    assert "username" in told["users.changed"]["changed_fields"]
    # It was busy once, and what came late and again was no change.
    assert (len(inbox.requests), len(inbox.opened())) == (3, 2)
