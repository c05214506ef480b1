"""Drive a real Chromium through the console of real processes."""

import pytest
from playwright.sync_api import sync_playwright

from tests import browsing
from tests.browsing import CHROMIUM, WIDE, Stack, Watched


@pytest.fixture(scope="module")
def chromium():
    """A browser that all tests of a module share, each with contexts of its own."""
    # For a module only: its event loop runs in this thread, and would be in the way.
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox"]
        )
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def stack_options():
    """Further arguments of `Stack` for a module, which may have its own fixture."""
    return {}


@pytest.fixture(scope="module")
def stack(rabbitmq, mongodb, tmp_path_factory, stack_options):
    """Receiver, worker and API for all tests of a module; see tests/browsing.py."""
    folder = tmp_path_factory.mktemp("stack")
    running = Stack(folder, mongodb.url, rabbitmq.url, **stack_options)
    try:
        yield running.wait()
    finally:
        running.close()


@pytest.fixture
def browser_page(chromium, stack):
    """Open pages of nobody, or of who has a token; scripts must not fail in them."""
    contexts, watched = [], []

    def open_page(token=None, **options):
        context = chromium.new_context(
            **{"base_url": stack.url, "viewport": WIDE, "reduced_motion": "reduce"}
            | options
        )
        context.set_default_timeout(10_000)
        contexts.append(context)
        if token:
            cookie = {"name": "forgewire", "value": token, "url": stack.url}
            context.add_cookies([cookie | {"httpOnly": True, "sameSite": "Lax"}])
        page = context.new_page()
        watched.append(Watched(page))
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert [found for one in watched for found in one.found] == []


@pytest.fixture
def signed_in(browser_page, stack):
    """Open a page of somebody with that role: `signed_in("operator", path)`."""

    def sign_in(role, path="/console/", **options):
        page = browser_page(stack.api.token(role), **options)
        page.goto(path)
        return page

    return sign_in


@pytest.fixture
def axe():
    """Fail if axe finds anything on a page, light or dark."""

    def check(page):
        for scheme in ("light", "dark"):
            page.emulate_media(color_scheme=scheme)
            assert browsing.violations(page) == [], scheme
        page.emulate_media(color_scheme="light")

    return check


@pytest.fixture
def screenshot():
    """Take pictures of a page under a name: `screenshot(page, "flow")`."""
    return browsing.pictures
