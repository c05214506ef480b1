"""Check how functions are bound to events, and what the loader refuses."""

from importlib.metadata import EntryPoint
from types import ModuleType

import pytest

from handlers import Delete, Handler, handles
from handlers.registry import ClaimedTwice, by_event, handlers_in, load
from schemas.keys import KeyEvent, KeySchema
from schemas.users import UserEvent, UserSchema


@handles("key_create", "key_destroy", schema=KeySchema)
def forget(key: KeyEvent):
    return [Delete("keys", key.key_id)]


@handles("key_destroy", "user_destroy", schema=UserSchema)
def remove(user: UserEvent):
    return [Delete("users", user.user_id)]


def test_a_handler_is_a_value_that_is_called_like_its_function():
    assert isinstance(forget, Handler)
    assert forget.events == ("key_create", "key_destroy")
    assert isinstance(forget.schema, KeySchema)
    assert forget(KeyEvent(key_id=4)) == [Delete("keys", 4)]


def test_a_handler_bears_the_name_of_its_function():
    assert forget.name == f"{__name__}.forget"


def test_every_event_of_a_handler_leads_to_it():
    assert by_event([forget]) == {"key_create": forget, "key_destroy": forget}


def test_two_claims_to_one_event_stop_the_start():
    with pytest.raises(ClaimedTwice) as raised:
        by_event([forget, remove])

    complaint = str(raised.value)
    assert complaint.startswith("key_destroy is claimed by ")
    assert forget.name in complaint
    assert remove.name in complaint


def test_the_same_handler_found_twice_is_one_claim():
    assert by_event([forget, forget])["key_create"] is forget


def test_a_module_offers_what_stands_at_its_top_level():
    module = ModuleType("example")
    module.first, module.other = forget, "forget"

    assert handlers_in([module]) == [forget]


def test_the_loader_finds_the_handlers_of_every_module():
    handlers = load()

    assert handlers["user_create"].name == "handlers.users.save"
    assert handlers["merge_request"].name == "handlers.activity.merge_request"


def test_the_loader_gives_the_same_each_time():
    assert load() == load()


def test_an_entry_point_is_a_module_with_handlers():
    point = EntryPoint("keys", "handlers.keys", "forgewire.handlers")

    assert {handler.name for handler in handlers_in([point.load()])} == {
        "handlers.keys.save",
        "handlers.keys.save_deploy_key",
        "handlers.keys.remove",
    }
