"""Come and go in a browser: by a link, at the Git host, without script, by keyboard."""

import re
import time

import pytest
from playwright.sync_api import expect

from api import once
from tests.githost import SETUP
from tests.signing import githost

USERS = "/console/state/users"
#: A page with a part that is fetched again and again.
LIVE = "/console/dead-letters"


@pytest.fixture(scope="module")
def host(tmp_path_factory):
    site = githost(tmp_path_factory.mktemp("githost"))
    yield site
    site.stop()


@pytest.fixture(scope="module")
def stack_options(host):
    return {
        "GITLAB_URL": host.url,
        "GITLAB_CLIENT_ID": SETUP["client_id"],
        "GITLAB_CLIENT_SECRET": SETUP["client_secret"],
        "ALLOW_PRIVATE_ENDPOINTS": "true",
        "LOGIN_RATE": "1000/minute",
    }


@pytest.fixture
def ada(stack, host):
    """Somebody who is known and may look; the Git host knows them, too."""
    host.setup(
        redirect_uris=[f"{stack.url}/-/oauth/gitlab/callback"],
        people={
            "41": {"id": 41, "state": "active"},
            "42": {"id": 42, "state": "active"},
        },
    )
    return stack.person(41, "ada")


def test_a_link_opens_the_console_once(browser_page, stack, axe, screenshot):
    link = f"/console/enter/{once.make(stack.folder, time.time())}"
    page, another = browser_page(), browser_page()

    page.goto(link)

    expect(page).not_to_have_url(re.compile("enter"))
    expect(page.locator(".who")).to_contain_text("service:local")
    expect(page.locator(".who")).to_contain_text("admin")
    another.goto(link)
    expect(another.get_by_role("heading", level=1)).to_have_text(
        "This link does not work"
    )
    axe(another)
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("status")).to_contain_text("You are signed out here")
    axe(page)
    screenshot(page, "sign-in")
    page.goto(USERS)
    expect(page).to_have_url(re.compile(r"/console/sign-in\?next="))


def test_who_signs_in_at_the_git_host_comes_back_to_the_page(browser_page, stack, ada):
    page = browser_page()
    page.goto(f"{USERS}?q=ad")

    with page.expect_navigation(url="**/oauth/authorize**"):
        page.get_by_role("link", name=re.compile("Sign in at")).click()
    page.goto(f"{page.url}&as=41")

    expect(page).to_have_url(f"{stack.url}{USERS}?q=ad")
    expect(page.locator(".who")).to_contain_text("ada")
    expect(page.get_by_role("rowheader")).to_have_text("ada")


def test_who_may_not_come_in_is_told_so_in_words(browser_page, ada):
    page = browser_page()
    page.goto("/console/sign-in")

    with page.expect_navigation(url="**/oauth/authorize**"):
        page.get_by_role("link", name=re.compile("Sign in at")).click()
    page.goto(f"{page.url}&as=42")

    expect(page.get_by_role("heading", level=1)).to_have_text(
        "You may not sign in here"
    )
    page.get_by_role("link", name="To the sign-in").click()
    page.wait_for_url("**/console/sign-in")


def test_all_can_be_reached_by_keyboard(signed_in):
    page = signed_in("viewer", USERS)

    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the content")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("main")).to_be_focused()
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Users")).to_be_focused()
    reached = set()
    for _ in range(40):
        page.keyboard.press("Tab")
        reached.add(page.evaluate("document.activeElement.textContent.trim()"))
    assert {"Groups", "Search", "API"} <= reached


def test_pages_work_without_script(browser_page, stack, ada):
    page = browser_page(stack.api.token("viewer"), java_script_enabled=False)

    page.goto(USERS)
    page.get_by_label("Begins with").fill("ada")
    page.get_by_label("Order by").select_option("username")
    page.get_by_role("button", name="Search").click()
    expect(page.get_by_role("rowheader")).to_have_text("ada")
    page.get_by_role("rowheader").get_by_role("link").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("ada")
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("status")).to_contain_text("You are signed out here")


def test_a_page_that_is_open_leads_to_the_sign_in_when_the_session_ends(
    browser_page, stack
):
    token = stack.api.token("operator")
    page = browser_page(token)
    page.goto(LIVE)

    jti = stack.api.services.tokens.read(token)["jti"]
    stack.api.services.issued.revoke(at=stack.api.services.now(), jti=jti)

    page.wait_for_url("**/console/sign-in?next=%2Fconsole%2Fdead-letters")


def test_updates_that_fail_are_told_and_what_is_shown_stays(signed_in):
    page = signed_in("viewer", LIVE)
    heading = page.get_by_role("heading", level=1)
    was = heading.inner_text()

    page.context.set_offline(True)
    # A request that was under way hangs until htmx gives up on it.
    notice = page.locator("#notice")
    expect(notice).to_contain_text("The API does not answer", timeout=15_000)
    expect(notice).to_contain_text("UTC; it is tried again")
    expect(heading).to_have_text(was)

    page.context.set_offline(False)
    expect(page.locator("#notice")).to_be_hidden()


def test_updates_can_be_paused(browser_page, stack):
    page = browser_page(stack.api.token("viewer"))
    page.clock.install()
    page.goto(LIVE)
    pause = page.get_by_role("button", name="Pause updates")
    asked = []
    page.on("request", lambda it: asked.append(it.url))

    pause.click()
    expect(pause).to_have_attribute("aria-pressed", "true")
    asked.clear()
    page.clock.run_for(10_000)
    assert asked == []

    pause.click()
    with page.expect_request(lambda it: it.headers.get("hx-request") == "true"):
        page.clock.run_for(10_000)
