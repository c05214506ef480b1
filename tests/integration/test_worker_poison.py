"""An event that kills its worker finds its end alone, and harms no neighbour."""

import contextlib
import subprocess

import pytest

from broker import dead_letters
from broker.message import Message
from broker.topology import Topology
from tests.rabbit import until
from tests.working import Worker, at_database, publish_all

NEIGHBOURS = 1_000
#: How often a neighbour comes back at most, by the number of workers. However many
#: mines there are, it stood beside one when it was new, in a group, and at the end of a
#: group. Among several workers it may go from one that died to the one that dies next,
#: and a mine ends five of them. RabbitMQ would set it aside after 20 returns.
RETURNS = {1: 3, 3: 5}

#: Handlers as an installed package offers them; one of them ends the process.
MODULE = """
import os
from marshmallow import EXCLUDE, Schema, fields
from handlers import Put, handles

class Numbered(Schema):
    class Meta:
        unknown = EXCLUDE
    id = fields.Integer(required=True, strict=True)

@handles("pebble_create", schema=Numbered)
def keep(pebble):
    return [Put("pebbles", pebble["id"], {"label": "round"})]

@handles("mine_create", schema=Numbered)
def explode(mine):
    os._exit(139)
"""


@pytest.fixture
def plugins(tmp_path):
    """A folder with an installed package of handlers."""
    folder = tmp_path / "plugins"
    metadata = folder / "minefield-1.dist-info"
    metadata.mkdir(parents=True)
    (folder / "minefield.py").write_text(MODULE)
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: minefield\n")
    (metadata / "entry_points.txt").write_text(
        "[forgewire.handlers]\nminefield = minefield\n"
    )
    return folder


@pytest.fixture
def start(tmp_path, amqp_url, prefix, mongodb_url, database, plugins):
    """Starts workers on this test's queue and database, and ends them."""
    url, started = at_database(mongodb_url, database.name), []

    def start(**settings):
        worker = Worker(tmp_path, amqp_url, prefix, url, plugins=plugins, **settings)
        started.append(worker)
        return worker

    yield start
    for worker in started:
        if worker.process.poll() is None:
            worker.end()


def event(name, number):
    return Message(
        source="gitlab",
        event=name,
        delivery_id=f"{name}-{number}",
        receipt=f"test.{number}",
        received_at=1_790_000_000_000_000,
        body=b'{"id": %d}' % number,
    )


def field(mines):
    """Pebbles with mines evenly among them."""
    step = NEIGHBOURS // (mines + 1)
    messages = [event("pebble_create", n) for n in range(NEIGHBOURS)]
    for n in range(1, mines + 1):
        messages.insert(n * step, event("mine_create", NEIGHBOURS + n))
    return messages


def supervise(start, crew, is_done):
    """Start each of so many workers again when it dies, until all is done.

    Return how many died.
    """
    deaths, workers = 0, [start() for _ in range(crew)]
    while not is_done():
        for place, worker in enumerate(workers):
            if worker.process.poll() is not None:
                deaths += 1
                assert deaths < 30
                workers[place] = start()
        with contextlib.suppress(subprocess.TimeoutExpired):
            workers[0].process.wait(0.1)
    return deaths


@pytest.mark.parametrize(("crew", "mines"), [(1, 2), (3, 1)])
def test_poison_becomes_a_dead_letter_and_its_neighbours_are_applied(
    start, amqp_url, prefix, database, crew, mines
):
    rows = database["deliveries"]
    publish_all(amqp_url, prefix, field(mines))

    all_done = NEIGHBOURS + mines
    deaths = supervise(start, crew, lambda: rows.count_documents({}) >= all_done)

    assert rows.count_documents({"outcome": "applied"}) == NEIGHBOURS
    assert database["pebbles"].count_documents({}) == NEIGHBOURS
    letters = list(dead_letters.read(amqp_url, Topology(prefix), 100))
    assert [(it.event, it.reason) for it in letters] == [
        ("mine_create", "poison")
    ] * mines
    assert {it.handler for it in letters} == {"minefield.explode"}
    assert rows.count_documents({"outcome": "dead", "reason": "poison"}) == mines
    worst = rows.find_one({"outcome": "applied"}, sort=[("attempts", -1)])
    assert worst["attempts"] <= 1 + RETURNS[crew]
    assert deaths <= 1 + 4 * mines
    until(lambda: database["suspects"].count_documents({}) == 0)
