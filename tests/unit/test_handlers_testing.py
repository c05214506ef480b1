"""The contract of handlers names each promise that one breaks, and only those."""

import gc
import itertools
import os
import random
import subprocess
import sys
import time
from types import SimpleNamespace

import pytest
from marshmallow import Schema, ValidationError, fields, pre_load

from handlers import Delete, Put, handles
from handlers.registry import by_event
from handlers.testing import Kind, contract, faults, samples_in
from schemas.event import DatedSchema
from schemas.fields import HostId, Text, Time

BODY = {
    "event_name": "ship_launch",
    "created_at": "2026-01-05T08:00:00Z",
    "updated_at": "2026-01-06T09:30:00Z",
    "id": 7,
    "title": "Halcyon",
    "owner_email": "ada@harbour.example",
}


class ShipSchema(DatedSchema):
    makes = SimpleNamespace
    id = HostId(required=True)
    title = Text()
    owner_email = Text()


def told(ship):
    return [Put("ships", ship.id, {"title": ship.title})]


def found(decide, schema=ShipSchema, *, body=BODY, **how):
    ship = handles("ship_launch", schema=schema)(decide)
    return faults(by_event([ship]), [("ship_launch", body)], **how)


def kinds(*args, **how):
    return [fault.kind for fault in found(*args, **how)]


def test_a_handler_that_keeps_its_promises_has_no_fault():
    assert found(told) == []


def test_an_event_without_a_sample_is_named():
    ship = handles("ship_launch", "ship_sink", schema=ShipSchema)(told)

    (fault,) = faults(by_event([ship]), [("ship_launch", BODY)])

    assert (fault.kind, fault.event) == (Kind.UNTESTED, "ship_sink")


def test_a_sample_that_is_rejected_tests_nothing():
    assert kinds(told, body=BODY | {"id": "7"}) == [Kind.UNTESTED]


def test_a_handler_that_counts_is_impure():
    numbers = itertools.count()

    (fault,) = found(lambda ship: [Put("ships", ship.id, {"seen": next(numbers)})])

    assert fault.kind is Kind.IMPURE
    assert "`seen` of Put ships/7" in fault.detail


@pytest.mark.parametrize(
    ("ask", "what"),
    [
        (lambda: random.choice("ab"), "chance"),
        (lambda: os.environ.get("HOME"), "the environment"),
        (lambda: open(os.devnull).close(), "a file"),  # noqa: PTH123
    ],
)
def test_a_handler_that_asks_the_world_is_impure_whatever_it_makes_of_it(ask, what):
    (fault,) = found(lambda ship: told(ship) if ask() or True else [])

    assert fault.kind is Kind.IMPURE
    assert what in fault.detail


def test_a_schema_that_asks_the_clock_is_impure():
    class Hasty(ShipSchema):
        seen_at = fields.Raw(load_default=time.time)

    (fault,) = found(told, Hasty)

    assert fault.kind is Kind.IMPURE
    assert fault.detail == "its schema asks the clock (`time`)"


def test_a_schema_that_remembers_is_impure():
    seen = set()

    def once(number):
        if number in seen:
            raise ValidationError("seen")
        seen.add(number)

    class Forgetless(ShipSchema):
        id = fields.Integer(required=True, validate=once)

    assert kinds(told, Forgetless) == [Kind.IMPURE]


def test_a_handler_that_asks_in_vain_is_impure_and_not_only_raising():
    (fault,) = found(lambda _: open("/nowhere"))  # noqa: PTH123, SIM115

    assert fault.kind is Kind.IMPURE


def test_a_handler_that_raises_the_second_time_is_named():
    seen = set()

    def decide(ship):
        if ship.id in seen:
            raise KeyError(ship.id)
        seen.add(ship.id)
        return told(ship)

    assert kinds(decide) == [Kind.RAISING]


def test_chance_with_a_seed_of_its_own_is_none():
    assert found(lambda ship: told(ship) * random.Random(ship.id).choice((1, 1))) == []


def test_a_handler_that_changes_its_event_is_named_with_the_field():
    def decide(ship):
        ship.title = (ship.title or "").upper()
        return told(ship)

    (fault,) = found(decide)

    assert fault.kind is Kind.MUTATING
    assert "`title`" in fault.detail


def test_a_schema_that_changes_the_body_is_named():
    class Greedy(ShipSchema):
        @pre_load
        def take(self, body, **_):
            body.pop("title", None)
            return body

    assert kinds(told, Greedy) == [Kind.MUTATING]


@pytest.mark.parametrize("result", [None, (), [{"ships": 7}]])
def test_what_is_no_list_of_changes_is_named(result):
    assert kinds(lambda _: result) == [Kind.UNDECLARED]


def test_a_handler_that_raises_without_a_field_is_named_with_it():
    (fault,) = found(lambda ship: [Put("ships", ship.id, {"title": ship.title[:9]})])

    assert fault.kind is Kind.RAISING
    assert fault.detail.startswith("TypeError")
    assert "`title` missing" in fault.detail


def test_a_schema_that_raises_something_else_does_not_reject():
    class Careless(ShipSchema):
        title = fields.Function(deserialize=str.upper, load_default=None)

    assert kinds(told, Careless) == [Kind.NOT_REJECTING]


def test_a_redacted_address_must_not_be_told():
    def decide(ship):
        return [Put("ships", ship.id, {"email": ship.owner_email})]

    (fault,) = found(decide)

    assert fault.kind is Kind.REDACTED
    assert "`email`" in fault.detail


def test_the_order_of_keys_must_not_matter():
    class Crewed(ShipSchema):
        crew = fields.Dict(load_default=dict)

    def decide(ship):
        return [Put("ships", ship.id, {"first": next(iter(ship.crew), None)})]

    body = BODY | {"crew": {"mate": "Ada", "cook": "Grace"}}
    assert kinds(decide, Crewed, body=body) == [Kind.ORDER_DEPENDENT]


def test_what_only_made_events_show_is_found():
    def decide(ship):
        return told(ship) if ship.id < 1000 else [Put("ships", ship.id, {"rev": 1})]

    (fault,) = found(decide)

    assert fault.kind is Kind.RAISING
    assert "an event that was made" in fault.detail


class Appending:
    """A state that keeps what each event told, one behind the other."""

    def refuses(self, _):
        return None

    def after(self, batches):
        ids = [number for batch in batches for number, _ in batch]
        return {"ships/7": {"told": ids}}


class Refusing(Appending):
    def refuses(self, told):
        return "a handler named a collection that is not its to write"


def test_what_is_not_idempotent_once_applied_is_named():
    assert kinds(told, state=Appending())[0] is Kind.NOT_IDEMPOTENT


class Last(Appending):
    """A state in which the last event wins."""

    def after(self, batches):
        return {"ships/7": {"last": batches[-1][-1][0]}}


def test_what_depends_on_the_order_once_applied_is_named():
    (fault,) = found(told, state=Last())

    assert fault.kind is Kind.ORDER_DEPENDENT
    assert "`last` of ships/7" in fault.detail


def test_what_the_state_never_takes_is_named():
    assert kinds(told, state=Refusing()) == [Kind.UNDECLARED]


def test_a_line_shows_no_value_of_the_sample():
    lines = [
        *map(str, found(lambda ship: [Put("ships", ship.id, {"e": ship.owner_email})])),
        *map(str, found(lambda ship: [Delete("ships", 7, (ship.title.upper(),))])),
    ]

    assert len(lines) == 2
    assert not any("Halcyon" in line or "ada@" in line for line in lines)


def test_samples_are_read_with_the_names_of_their_events(tmp_path):
    (tmp_path / "launch.json").write_text('{"event_name": "ship_launch", "id": 7}')

    assert samples_in(tmp_path) == [
        ("ship_launch", {"event_name": "ship_launch", "id": 7})
    ]


def test_the_contract_asks_for_the_state_by_the_name_of_its_fixture(tmp_path):
    test = contract("handlers.users", samples=tmp_path)

    with pytest.raises(AssertionError, match=r"user_create.* is not tested"):
        test(handler_state=None)


def test_workers_need_no_hypothesis():
    code = "import sys, handlers.testing; sys.exit('hypothesis' in sys.modules)"

    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_lists_and_what_lies_below_are_spoiled_and_made():
    class Line(Schema):
        pier = fields.String(required=True)

    class Sailing(ShipSchema):
        route = fields.List(fields.Nested(Line), load_default=list)

    def decide(ship):
        return [Put("ships", ship.id, {"from": ship.route[0]["pier"]})]

    body = BODY | {"route": [{"pier": "North"}, {"pier": "South"}]}
    (fault,) = found(decide, Sailing, body=body)

    assert (fault.kind, "`route`" in fault.detail) == (Kind.RAISING, True)


def test_what_lies_inside_a_value_is_spoiled():
    class Crewed(ShipSchema):
        crew = fields.Dict(load_default=None)

    def decide(ship):
        mate = (ship.crew or {}).get("mate", "")
        return [Put("ships", ship.id, {"mate": mate.upper()})]

    (fault,) = found(decide, Crewed, body=BODY | {"crew": {"mate": "Ada"}})

    assert fault.detail.endswith("with `crew.mate` null")


def test_a_body_without_several_of_its_keys_is_tried():
    def decide(ship):
        return [Put("ships", ship.id, {"title": (ship.title or ship.owner_email)[:9]})]

    (fault,) = found(decide)

    assert fault.detail.endswith("with all cut after 4 keys")


def test_what_a_collection_of_garbage_asks_is_not_the_handlers_doing():
    def ask(*_):
        time.perf_counter()

    def decide(ship):
        return [[] for _ in range(3_000)] and told(ship)

    gc.callbacks.append(ask)
    try:
        assert found(decide) == []
    finally:
        gc.callbacks.remove(ask)


def test_times_are_made_too():
    class Dated(ShipSchema):
        sunk_at = Time()

    def decide(ship):
        return told(ship) if ship.sunk_at is None else [object()]

    assert kinds(decide, Dated) == [Kind.UNDECLARED]
