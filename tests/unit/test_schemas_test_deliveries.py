"""Check that the host's test bodies are known, and nothing else is taken for one."""

import pytest

from schemas.test_deliveries import is_test_delivery
from tests.samples.load import event_of, names, payload

TESTS = [name for name in names() if ".test-" in name]
REAL = [name for name in names() if ".test-" not in name]


@pytest.mark.parametrize("name", TESTS)
def test_a_test_body_is_known(name):
    assert is_test_delivery(event_of(name), payload(name))


def test_the_button_for_tags_sends_the_body_for_pushes():
    assert is_test_delivery("tag_push", payload("push.test-button"))


@pytest.mark.parametrize("name", REAL)
def test_a_real_event_is_none(name):
    assert not is_test_delivery(event_of(name), payload(name))


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("project_create.test-api", {"created_at": "2012-07-21T07:30:54Z"}),
        ("project_create.test-api", {"path_with_namespace": "ada/ruby"}),
        ("project_create.test-api", {"project_id": 2}),
        ("project_create.test-api", {"name": "Rubin"}),
        ("project_create.test-api", {"owner_name": ...}),
        ("push.test-button", {"project_id": 16}),
        ("push.test-button", {"user_id": 5}),
        ("push.test-button", {"after": "0" * 40}),
        ("push.test-button", {"user_name": None}),
        ("repository_update.test-button", {"project": {"id": 40}}),
        ("repository_update.test-button", {"changes": []}),
        ("repository_update.test-button", {"refs": {"a": []}}),
    ],
)
def test_one_difference_makes_it_a_real_event(name, change):
    assert not is_test_delivery(event_of(name), payload(name, **change))


@pytest.mark.parametrize("name", TESTS)
def test_a_test_body_under_another_name_is_none(name):
    assert not is_test_delivery("user_create", payload(name))
