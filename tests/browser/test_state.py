"""Look at the state in a browser: find somebody, by keyboard alone, on any screen."""

import re

import pytest
from playwright.sync_api import expect

from api.console.entities.kinds import KINDS
from tests.browsing import NARROW, overflow

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

    expect(page.get_by_role("columnheader", name="Username")).to_have_attribute(
        "aria-sort", "ascending"
    )
    page.get_by_role("rowheader").get_by_role("link").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("aferreira")
    axe(page)
    screenshot(page, "state-user")


def test_what_is_known_leads_from_one_to_the_next(signed_in):
    page = signed_in("viewer", f"{USERS}/gitlab:201")

    page.get_by_role("link", name="harbour/cranes/winch").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("harbour/cranes/winch")
    page.get_by_role("link", name="aferreira").first.click()
    expect(page).to_have_url(re.compile("/console/state/users/gitlab%3A201$"))


def test_every_list_fits_on_a_telephone(signed_in, axe):
    page = signed_in("viewer", "/console/state", viewport=NARROW)

    for kind in KINDS:
        page.goto(f"/console/state/{kind}")
        assert overflow(page) == 0, kind
    page.goto("/console/state/memberships")
    axe(page)


def test_what_does_not_fit_is_told_where_it_was_typed(signed_in, axe):
    page = signed_in("viewer", "/console/state/memberships")

    page.get_by_label("User id").fill("everybody")
    page.get_by_role("button", name="Search").click()

    field = page.get_by_label("User id")
    expect(field).to_have_attribute("aria-invalid", "true")
    expect(field).to_have_accessible_description("Not a number.")
    axe(page)
