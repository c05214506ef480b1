"""The Flow page in a real browser: it moves by itself, and says which part fails."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import expect

from state.ledger import Ledger
from tests.browsing import NARROW
from tests.operating import a_row
from tests.rabbit import proxied
from tests.receiver import until

#: What may take so long where much else runs.
SLOW_MS = 45_000


@pytest.fixture(scope="module")
def proxy(rabbitmq):
    """What the processes take for RabbitMQ."""
    with proxied(rabbitmq.url) as (proxy, via):
        yield proxy, via


@pytest.fixture(scope="module", autouse=True)
def past(stack):
    """Most of an hour of deliveries, of which some died and were dropped."""
    now = datetime.now(UTC)
    rows, kinds = [], ["applied"] * 30 + ["stale", "ignored", "duplicate"]
    # None of them is older than an hour before the tests end.
    for ago in range(1, 56):
        at = now - timedelta(minutes=ago)
        many = 40 + ago * 37 % 29
        for number in range(many):
            outcome = kinds[(number + ago) % len(kinds)]
            is_dead = ago in {17, 18, 42} and number < 3
            rows.append(
                a_row(
                    len(rows),
                    outcome="dead" if is_dead else outcome,
                    received_at=at - timedelta(milliseconds=8 + number % 40),
                    processed_at=at,
                )
            )
    Ledger(stack.db).write(rows)
    stack.db["deliveries"].update_many(
        {"outcome": "dead"}, {"$set": {"dropped_at": now - timedelta(minutes=5)}}
    )


@pytest.fixture(scope="module")
def stack_options(proxy, tmp_path_factory):
    return {"via": proxy[1], "SPOOL_DIR": str(tmp_path_factory.mktemp("spool"))}


def part(page, name):
    """The row of a part in the table of their health."""
    row = page.get_by_role("row").filter(
        has=page.get_by_role("rowheader", name=name, exact=True)
    )
    return row.first


def number_of(cells):
    """The number in the first cell; None as long as it is not known."""
    digits = re.sub(r"\D", "", cells.first.text_content())
    return int(digits) if digits else None


def waited(page, holds, what):
    """What `holds` returns once it holds; the page goes on meanwhile."""
    return until(lambda: page.wait_for_timeout(50) or holds(), what, SLOW_MS / 1_000)


def test_what_arrives_shows_without_a_reload(stack, signed_in, axe, screenshot):
    page = signed_in("viewer")
    expect(page.get_by_role("heading", name="Flow", exact=True)).to_be_visible()
    before = page.evaluate("performance.timeOrigin")

    applied = page.get_by_role("row", name=re.compile("^applied ")).get_by_role("cell")
    known = waited(page, lambda: number_of(applied), "the hour is counted")

    sent = [stack.send(user_id=5_000 + number) for number in range(30)]
    stack.settled(*sent)

    waited(page, lambda: number_of(applied) == known + 30, "there are 30 more")
    expect(page.locator(".node .figure").first).to_have_text("gitlab", timeout=SLOW_MS)
    verdict = page.get_by_text("All is well: what arrives is applied")
    expect(verdict).to_be_visible(timeout=SLOW_MS)
    assert page.evaluate("performance.timeOrigin") == before
    expect(part(page, "Workers")).to_contain_text("Connected")
    axe(page)
    screenshot(page, "flow")


def test_the_chart_is_drawn_and_its_numbers_can_be_read(stack, signed_in):
    page = signed_in("viewer")
    chart = page.locator("#flow-chart canvas")
    expect(chart).to_be_visible()

    page.locator("#flow-chart .u-over").hover()
    expect(page.locator("#flow-minute")).to_have_text(re.compile(r"^\d\d:\d\d: "))
    page.get_by_text("Numbers of each minute").first.click()
    rows = page.locator("#flow-minutes tr[data-at]")
    expect(rows).to_have_count(60)
    # It stays open when the numbers are fetched again.
    with page.expect_response("**/console/flow/outcomes"):
        pass
    expect(rows.first).to_be_visible()


def test_on_a_telephone_the_way_goes_downwards_and_fits(signed_in):
    page = signed_in("viewer")
    page.set_viewport_size(NARROW)

    expect(page.locator("svg.tall")).to_be_visible()
    expect(page.locator("svg.wide")).to_be_hidden()
    width = page.evaluate("document.documentElement.scrollWidth")
    assert width <= NARROW["width"]


def test_while_rabbitmq_is_away_the_page_says_what_happens(
    stack, proxy, signed_in, axe, screenshot
):
    page = signed_in("viewer")
    proxy[0].refuse()
    try:
        verdict = page.locator("#flow-verdict")
        expect(verdict).to_contain_text("RabbitMQ: does not answer", timeout=SLOW_MS)
        stack.send(user_id=6_001)
        expect(part(page, "Spool")).to_contain_text("1 wait", timeout=SLOW_MS)
        # Said aloud, too, but only what has changed.
        expect(page.locator("#flow-said")).to_contain_text("RabbitMQ")
        axe(page)
        screenshot(page, "flow-without-rabbitmq")
    finally:
        proxy[0].admit()
    expect(verdict).to_contain_text("All is well", timeout=SLOW_MS)
