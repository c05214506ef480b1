"""Look at the state in a browser: find somebody, by keyboard alone, on any screen."""

import pytest

from api import once

USERS = "/console/state/users"
SAMPLES = (
    "user_create",
    "user_create.second",
    "group_create",
    "project_create",
    "user_add_to_team",
    "user_add_to_group",
    "key_create",
    "user_access_request_to_project",
    "push",
)


@pytest.fixture(scope="module", autouse=True)
def filled(stack):
    """Some of everything, told by hooks."""
    stack.settled(*[stack.send(sample) for sample in SAMPLES])


def test_somebody_is_found_and_what_is_known_of_them(signed_in, axe, screenshot):
    page = signed_in("viewer", USERS)
    axe(page)
    screenshot(page, "state")

    page.get_by_label("Begins with").fill("AF")
    page.get_by_label("Order by").select_option("username")
    page.keyboard.press("Enter")
    page.wait_for_url("**q=AF**")

    page.get_by_role("rowheader").get_by_role("link").first.click()
    page.get_by_role("heading", name="What is known").wait_for()
    assert page.get_by_role("heading", name="Deliveries").is_visible()
    axe(page)
    screenshot(page, "state-user")
