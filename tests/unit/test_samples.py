"""Check that there is a sample of every event, and that every sample is decided."""

import json

import pytest

from schemas.body import event_name
from schemas.catalogue import SYSTEM_HOOKS, WEB_HOOKS, events
from schemas.test_deliveries import is_test_delivery
from tests.samples.decide import HANDLERS, decide
from tests.samples.load import event_of, names, payload

NAMES = names()

#: What the host documents, what it sends all the same, and what one page calls it.
CATALOGUE = [
    "project_create",
    "project_destroy",
    "project_rename",
    "project_transfer",
    "project_update",
    "user_create",
    "user_destroy",
    "user_rename",
    "user_failed_login",
    "key_create",
    "key_destroy",
    "group_create",
    "group_destroy",
    "group_rename",
    "user_add_to_team",
    "user_update_for_team",
    "user_remove_from_team",
    "user_add_to_group",
    "user_update_for_group",
    "user_remove_from_group",
    "user_access_request_to_project",
    "user_access_request_revoked_for_project",
    "user_access_request_to_group",
    "user_access_request_revoked_for_group",
    "repository_update",
    "push",
    "tag_push",
    "merge_request",
    "gitlab_subscription_member_approval",
    "gitlab_subscription_member_approvals",
    "deploykey_create",
    "deploykey_destroy",
    "ldapkey_create",
    "ldapkey_destroy",
    "group_update",
    "user_access_request_denied_for_project",
    "user_access_request_denied_for_group",
]


def test_every_event_of_the_catalogue_is_claimed_and_no_other_beside_it():
    modules = {HANDLERS[event].decide.__module__ for event in CATALOGUE}

    beside = [
        event for event, it in HANDLERS.items() if it.decide.__module__ in modules
    ]
    assert sorted(beside) == sorted(CATALOGUE)


def test_the_catalogue_of_the_code_is_the_same():
    assert list(SYSTEM_HOOKS) == sorted(CATALOGUE)
    assert sorted({*SYSTEM_HOOKS, *WEB_HOOKS}) == events()


@pytest.mark.parametrize("name", WEB_HOOKS)
def test_an_example_of_the_catalogue_bears_its_name(name):
    assert name not in SYSTEM_HOOKS
    assert event_name(WEB_HOOKS[name]) == name


def test_every_claimed_event_has_a_real_sample():
    sampled = {event_of(name) for name in NAMES if ".test-" not in name}

    assert sampled == set(HANDLERS)


@pytest.mark.parametrize("name", NAMES)
def test_a_sample_is_named_after_its_event(name):
    assert event_name(payload(name)) == event_of(name)


@pytest.mark.parametrize("name", NAMES)
def test_every_sample_is_decided_or_a_test(name):
    is_test = is_test_delivery(event_of(name), payload(name))

    assert is_test == (".test-" in name)
    assert is_test or isinstance(decide(name), list)


def test_no_two_samples_are_the_same():
    bodies = [json.dumps(payload(name), sort_keys=True) for name in NAMES]

    assert len(set(bodies)) == len(bodies)


@pytest.mark.parametrize("name", NAMES)
def test_deciding_twice_gives_the_same(name):
    if ".test-" not in name:
        assert decide(name) == decide(name)
