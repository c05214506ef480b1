"""Deliveries in a browser: watched as they arrive, found again, told as one may."""

import pytest
from playwright.sync_api import expect

from tests.browsing import NARROW
from tests.receiver import until
from tests.samples.load import payload

LIST = "/console/deliveries"


@pytest.fixture(scope="module")
def sent(stack):
    """Deliveries of many kinds, whose bodies are kept."""
    samples = [
        "user_create",
        "project_create",
        "user_add_to_team",
        "push",
        "user_rename",
    ]
    ids = [stack.send(sample, f"known-{sample}") for sample in samples]
    ids.append(
        stack.send("user_create", "known-older", updated_at="2001-01-01T00:00:00Z")
    )
    ids.append(stack.send_body({"event_name": "comet"}, "known-comet"))
    ids.append(stack.send_body({"event_name": "user_create"}, "known-broken"))
    stack.settled(*ids)
    stack.send("user_create", "known-user_create")
    until(lambda: stack.db["bodies"].count_documents({}), "bodies are kept")
    return ids


def row(page, delivery_id):
    return page.get_by_role("row").filter(
        has=page.get_by_role("link", name=delivery_id, exact=True)
    )


def test_a_delivery_is_seen_to_arrive(stack, signed_in):
    page = signed_in("viewer", LIST)
    before = page.evaluate("performance.timeOrigin")

    stack.send("user_create", "just-now", user_id=7_001)

    expect(row(page, "just-now")).to_contain_text("applied", timeout=15_000)
    assert page.evaluate("performance.timeOrigin") == before


def test_a_delivery_is_found_and_followed_by_keyboard(signed_in, sent, axe, screenshot):
    page = signed_in("operator", LIST)
    axe(page)
    screenshot(page, "deliveries")
    page.get_by_label("Outcome").select_option("applied")
    page.get_by_label("About").fill("user 201")
    page.get_by_label("About").press("Enter")
    page.wait_for_url("**entity=user+201**")
    expect(page.get_by_label("Outcome")).to_have_value("applied")

    link = page.get_by_role("link", name="known-user_create", exact=True)
    link.focus()
    link.press("Enter")

    expect(page.get_by_role("heading", level=1)).to_contain_text("known-user_create")
    expect(page.get_by_text("1 of 1 changes had an effect: users/201.")).to_be_visible()
    name = payload("user_create")["name"]
    expect(page.get_by_role("region", name="Body", exact=True)).to_contain_text(name)
    axe(page)
    screenshot(page, "delivery")
    page.get_by_role("link", name="users/201").first.click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("aferreira")


def test_a_viewer_sees_nobodys_name_in_a_body(signed_in, sent, axe):
    page = signed_in("viewer", f"{LIST}/gitlab/known-user_create")
    told = payload("user_create")

    body = page.get_by_role("region", name="Body", exact=True)
    expect(body).to_contain_text(f'"user_id": {told["user_id"]}')
    for personal in ("name", "username", "email"):
        expect(body).not_to_contain_text(f'"{told[personal]}"')
    expect(page.get_by_text("Personal data is masked for viewers.")).to_be_visible()
    axe(page)


def test_what_changed_nothing_says_why(stack, signed_in, sent, axe):
    page = signed_in("viewer", f"{LIST}/gitlab/known-older")
    expect(page.get_by_text("none: older news").first).to_be_visible()

    page.goto(f"{LIST}/gitlab/known-comet")
    expect(page.get_by_text("No handler wants it").first).to_be_visible()

    page.goto(f"{LIST}/gitlab/known-broken")
    expect(page.get_by_text("Rejected: invalid-payload.")).to_be_visible()
    axe(page)


def test_what_was_not_there_yet_appears_on_its_page(stack, signed_in):
    page = signed_in("viewer", f"{LIST}/gitlab/still-to-come")
    expect(
        page.get_by_text("The ledger of gitlab has no such delivery.")
    ).to_be_visible()

    stack.send("user_create", "still-to-come", user_id=7_002)

    expect(page.get_by_text("Its way")).to_be_visible(timeout=15_000)


def test_what_cannot_be_understood_is_said_beside_its_field(signed_in, axe):
    page = signed_in("viewer", f"{LIST}?entity=41")

    about = page.get_by_label("About")
    expect(about).to_have_attribute("aria-invalid", "true")
    expect(page.get_by_text("A kind and an id, such as users/41.")).to_be_visible()
    axe(page)


@pytest.mark.parametrize("path", [LIST, f"{LIST}/gitlab/known-push"])
def test_on_a_telephone_nothing_is_cut_off(signed_in, sent, path):
    page = signed_in("viewer", path)
    page.set_viewport_size(NARROW)

    width = page.evaluate("document.documentElement.scrollWidth")
    assert width <= NARROW["width"]
