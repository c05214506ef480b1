"""Break a handler, see what died of it, replay it, see it applied; handlers, too."""

import json
import re
import time

import pytest
from playwright.sync_api import expect

from broker.dead_letters import Death, bury
from broker.envelope import encode
from tests.browsing import overflow
from tests.rabbit import a_message, publishing
from tests.samples.load import payload

LIST = "/console/dead-letters"
#: A release in which one handler is wrong.
BAD_RELEASE = """
from handlers import Handler, users

def save(user):
    return [{}[user.user_id]]

users.save = Handler(users.save.events, users.save.schema, save)
"""
MINUTE = 60_000_000
#: Reason, traceback and handler.
SIMPLE = ("handler-failed", "KeyError", "handlers.users.save")
SEVERAL = {
    "project_create": (
        "handler-failed",
        """Traceback (most recent call last):
  File "/srv/forgewire/handlers/projects.py", line 11, in save
    owner = project.owners[0]
            ~~~~~~~~~~~~~~^^^
IndexError

The above exception was the direct cause of the following exception:

Traceback (most recent call last):
  File "/srv/forgewire/workers/decide.py", line 88, in _changes
    raise HandlerFailed(f"{handler.name} raised {type(exc).__name__}") from exc
schemas.errors.HandlerFailed: handlers.projects.save raised IndexError""",
        "handlers.projects.save",
    ),
    "user_create": (
        "invalid-payload",
        "schemas.errors.InvalidPayload: user_id: Missing data for required field.",
        "handlers.users.save",
    ),
    "push": (
        "poison",
        "schemas.errors.Poison: 3 workers began with it alone, and none came to an end",
        "handlers.activity.push",
    ),
}
#: So many that it takes some seconds to replay them.
MANY = 3_000
PROBLEM = "bad_release.save raised KeyError"


@pytest.fixture
def bad_release(tmp_path):
    """A folder with a package that spoils a handler."""
    metadata = tmp_path / "bad_release-1.dist-info"
    metadata.mkdir()
    (tmp_path / "bad_release.py").write_text(BAD_RELEASE)
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: bad_release\n")
    (metadata / "entry_points.txt").write_text(
        "[forgewire.handlers]\nbad_release = bad_release\n"
    )
    return tmp_path


def release(stack, plugins):
    """Replace the worker by one of another release."""
    stack.worker.end()
    stack._plugins = plugins
    stack.worker = stack.new_worker()


def bury_many(api, number, sample="user_create", cause=SIMPLE):
    """Bury letters of one cause, one for each of the last minutes."""
    body = json.dumps(payload(sample)).encode()
    now = time.time_ns() // 1_000
    with publishing(api.amqp_url, api.topology) as publisher:
        confirms = []
        for it in range(number):
            id_ = f"{sample.replace('_', '-')}-{it + 1}"
            receipt = f"3f9c2a71.{sample}-{it}"
            told = {"event": sample, "receipt": receipt, "body": body}
            death = Death(*cause, now - (number - it) * MINUTE)
            confirms.append(bury(publisher, *encode(a_message(id_, **told)), death))
        for confirm in confirms:
            confirm.result(10)


def created(stack, *numbers):
    """Send what the bad release cannot apply; return the delivery ids."""
    ids = [
        stack.send("user_create", f"hook-{it}", user_id=it, username=f"user-{it}")
        for it in numbers
    ]
    stack.settled(*ids, outcome="dead")
    return ids


def sees_the_cause(viewer):
    """Somebody who may only look sees what died, and why."""
    # It comes by itself.
    cause = viewer.get_by_role("link", name=PROBLEM)
    expect(cause).to_be_visible(timeout=10_000)
    expect(viewer.locator(".stat", has_text="Dead letters")).to_contain_text("3")
    cause.click()
    expect(viewer.get_by_role("heading", level=1)).to_have_text(PROBLEM)
    expect(viewer.get_by_role("region", name="Traceback")).to_contain_text(
        "return [{}[user.user_id]]"
    )
    expect(viewer.get_by_role("button", name=re.compile("Replay"))).to_have_count(0)
    expect(viewer.get_by_text("needs the role operator")).to_be_visible()


def reads_the_letter(page, viewer, delivery_id, axe, screenshot):
    """An operator sees all of the payload, a viewer nothing personal."""
    email = payload("user_create")["email"]
    page.get_by_role("link", name=delivery_id).click()
    expect(page.get_by_role("region", name="Payload")).to_contain_text(email)
    axe(page)
    screenshot(page, "dead-letters-letter")
    viewer.goto(page.url)
    expect(viewer.get_by_role("region", name="Payload")).not_to_contain_text(email)
    page.go_back()


def sees_what_became_of_it(page, axe, screenshot):
    """The result stays when the page is loaded again."""
    expect(page.get_by_text("3 sent again.", exact=True)).to_be_visible()
    became = page.get_by_role("paragraph").filter(has_text="applied")
    expect(became).to_contain_text("3", timeout=20_000)
    expect(page.get_by_text("Done: 3 sent again.")).to_be_attached()
    axe(page)
    screenshot(page, "dead-letters-job")
    page.reload()
    expect(became).to_be_visible()
    page.get_by_role("link", name="To the dead letters").click()
    expect(page.get_by_text("There are no dead letters.")).to_be_visible()
    expect(page.get_by_role("rowheader", name="Replay 3 letters")).to_be_visible()


def test_what_a_bad_release_buried_is_replayed_with_a_good_one(
    stack, signed_in, axe, screenshot, bad_release
):
    stack.api.clear()
    release(stack, bad_release)
    viewer = signed_in("viewer", LIST)
    expect(viewer.get_by_text("There are no dead letters.")).to_be_visible()
    ids = created(stack, 901, 902, 903)

    sees_the_cause(viewer)
    page = signed_in("operator", viewer.url)
    reads_the_letter(page, viewer, ids[1], axe, screenshot)
    release(stack, None)
    page.get_by_role("button", name="Replay 3 letters").click()

    sees_what_became_of_it(page, axe, screenshot)
    stack.settled(*ids, outcome="applied")
    shown = stack.db["users"].find_one({"_id": "gitlab:902"})
    assert shown["username"] == "user-902"


def test_causes_stand_apart(stack, signed_in, axe, screenshot):
    stack.api.clear()
    for number, (sample, cause) in zip((14, 5, 1), SEVERAL.items(), strict=True):
        bury_many(stack.api, number, sample, cause)
    page = signed_in("admin", LIST)

    expect(page.locator(".stat", has_text="Causes")).to_contain_text("3")
    rows = page.get_by_role("table").first.get_by_role("rowheader")
    expect(rows).to_contain_text(
        ["IndexError", "Missing data", "Several workers began"]
    )
    axe(page)
    screenshot(page, "dead-letters")
    page.get_by_role("link", name="IndexError").click()
    expect(page.get_by_text("owner = project.owners[0]").first).to_be_visible()
    page.get_by_text("Drop 14 letters for good").click()
    axe(page)
    screenshot(page, "dead-letters-group")


def test_an_admin_drops_a_letter_with_a_reason_by_keyboard(stack, signed_in):
    stack.api.clear()
    stack.api.bury("old-1", hours=1)
    stack.api.bury("old-2", hours=2)
    page = signed_in("admin", LIST)
    page.get_by_role("link", name="KeyError").click()
    page.get_by_role("link", name="old-1").click()

    page.get_by_text("Drop 1 letter for good").focus()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    page.keyboard.type("the host has sent it anew")
    page.keyboard.press("Enter")

    expect(page.get_by_text("1 dropped.", exact=True)).to_be_visible()
    expect(page.get_by_text("the host has sent it anew")).to_be_visible()
    row = stack.db["deliveries"].find_one({"delivery_id": "old-1"})
    assert row["note"] == "service:admin: the host has sent it anew"
    page.goto(LIST)
    expect(page.locator(".stat", has_text="Dead letters")).to_contain_text("1")


def test_a_replay_shows_how_far_it_is_and_goes_on_without_the_page(stack, signed_in):
    stack.api.clear()
    bury_many(stack.api, MANY)
    page = signed_in("operator", LIST)
    number = page.locator(".stat", has_text="Dead letters")
    expect(number).to_have_text(re.compile(r"3\s000"), timeout=30_000)
    page.get_by_role("link", name="KeyError").click()

    page.get_by_role("button", name="Replay").click()

    bar = page.get_by_role("progressbar")
    expect(bar).to_have_attribute("max", str(MANY))
    expect(page.get_by_role("button", name="Stop")).to_be_visible()
    expect(bar).not_to_have_attribute("value", bar.get_attribute("value"))
    # Who comes by meanwhile sees that somebody is at it, and how far.
    page.goto(LIST)
    expect(page.get_by_text("service:operator is at the dead letters")).to_be_visible()
    page.get_by_role("link", name="See how far it is").click()
    expect(bar).to_have_attribute("value", str(MANY), timeout=20_000)
    done = page.get_by_text(re.compile(r"^\d.\d+ sent again\.$"))
    expect(done).to_be_visible()
    expect(page.get_by_text("waiting")).to_have_count(0, timeout=20_000)
    expect(page.get_by_role("button", name="Stop")).to_have_count(0)


def test_it_works_without_script(stack, browser_page):
    stack.api.clear()
    stack.api.bury("plain-1")
    page = browser_page(stack.api.token("operator"), java_script_enabled=False)
    page.goto(LIST)

    page.get_by_role("link", name="KeyError").click()
    page.get_by_role("link", name="plain-1").click()
    page.get_by_role("button", name="Replay this letter").click()

    stack.settled("plain-1")
    page.reload()
    expect(page.get_by_text("1 sent again.", exact=True)).to_be_visible()
    expect(page.get_by_text("What became of what was sent")).to_be_visible()


def test_all_pages_fit_a_telephone(stack, signed_in):
    stack.api.clear()
    stack.api.bury("a-delivery-with-a-very-long-name-" + "0123456789" * 8)
    viewport = {"width": 360, "height": 740}
    page = signed_in("admin", LIST, viewport=viewport)

    for link in ("KeyError", "a-delivery"):
        page.get_by_role("link", name=link).click()
        assert overflow(page) == 0, page.url
    for path in (LIST, "/console/handlers"):
        page.goto(path)
        assert overflow(page) == 0, path


def test_the_handlers_show_what_came_and_what_nobody_wants(
    stack, signed_in, axe, screenshot
):
    page = signed_in("viewer", "/console/handlers")
    expect(page.get_by_role("rowheader", name="user_create")).to_be_visible()

    stack.settled(stack.send_body({"event_name": "meteor_strike"}), outcome="ignored")

    expect(page.get_by_role("rowheader", name="meteor_strike")).to_be_visible(
        timeout=15_000
    )
    axe(page)
    screenshot(page, "handlers")
    page.get_by_role("link", name="1 hour").click()
    expect(page.get_by_role("link", name="1 hour")).to_have_attribute(
        "aria-current", "true"
    )
