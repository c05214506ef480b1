"""The console's handlers: who decides what, and what the ledger says of each event."""

import re
import time
from datetime import UTC, datetime, timedelta

import pytest

from handlers.registry import load
from state.ledger import Ledger
from tests.consoles import Visits, words
from tests.operating import a_row
from tests.proxy import Proxy
from tests.receiver import until

PAGE = "/console/handlers"


@pytest.fixture(scope="module")
def visits(mongodb, tmp_path_factory):
    made = Visits(tmp_path_factory.mktemp("console"), mongodb.url)
    now = datetime.now(UTC)
    recent = {"received_at": now - timedelta(minutes=5), "processed_at": now}
    before = {"received_at": now - timedelta(hours=5), "processed_at": now}
    Ledger(made.db).write(
        [
            a_row(1, **recent),
            a_row(2, **recent),
            a_row(3, outcome="dead", reason="handler-failed", **recent),
            a_row(4, event="push", entity=None, **before),
            a_row(5, event="meteor", outcome="ignored", entity=None, **before),
        ]
    )
    yield made
    made.close()


def counted(visits, query=""):
    """The page once it has the counts."""

    def there():
        page = visits.get(f"{PAGE}{query}")
        assert page.status_code == 200
        return page if "Became dead letters" in page.text else None

    return until(there, "it is counted")


def row(page, event):
    """The cells of an event, as text."""
    rows = page.text.split("<tr>")
    (found,) = [it for it in rows if f"<code>{event}</code></a>" in it]
    cells = re.findall(r'data-label="(.*?)"[^>]*>(.*?)</t[dh]>', found, re.DOTALL)
    return {
        label: " ".join(re.sub(r"<[^>]+>", " ", cell).split()) for label, cell in cells
    }


def test_each_event_has_its_handler_its_schema_and_where_they_are(visits):
    page = counted(visits)

    told = words(page)
    for event, handler in load().items():
        assert f"<code>{event}</code>" in page.text
        assert handler.name in told
    assert "schemas.users.UserSchema" in page.text
    assert "handlers/users.py:7" in told
    assert "Keep what is told of an account." in told


def test_each_event_has_its_counts_its_errors_and_when_it_was_seen(visits):
    told = row(counted(visits), "user_create")

    assert (told["Applied"], told["No change"]) == ("2", "0")
    assert told["Dead"].startswith("1")
    assert "handler-failed" in told["Dead"]
    assert "5" in told["Last seen"]


def test_a_shorter_span_counts_less_but_knows_when_it_was(visits):
    day, hour = counted(visits), counted(visits, "?hours=1")

    assert row(day, "push")["Applied"] == "1"
    assert row(hour, "push")["Applied"] == "0"
    assert "h ago" in row(hour, "push")["Last seen"]
    assert row(hour, "group_create")["Last seen"] == "never"
    assert counted(visits, "?hours=odd").status_code == 200


def test_events_without_a_handler_are_listed(visits):
    page = counted(visits)

    listed = page.text.partition("Events without a handler</h2>")[2]
    assert "meteor" in listed
    assert "1 came, and were ignored" in words(page)
    # The host can send it, but did not.
    assert row(page, "pipeline") == {
        "Event": "pipeline",
        "Received": "0",
        "Dead": "0",
        "Last seen": "never",
    }
    part = visits.part(f"{PAGE}/part?hours=24")
    assert part.status_code == 200
    assert "<html" not in part.text


def test_while_mongodb_is_away_the_handlers_are_shown_without_counts(mongodb, tmp_path):
    proxy = Proxy(mongodb.port)
    url = f"mongodb://127.0.0.1:{proxy.port}/test_away?directConnection=true"
    visits = Visits(tmp_path, url, MONGODB_URL=url)
    try:
        assert counted(visits).status_code == 200
        proxy.refuse()
        for path in (PAGE, f"{PAGE}/part", "/console/dead-letters"):
            begun = time.monotonic()
            page = visits.get(path)

            assert page.status_code == 200
            assert time.monotonic() - begun < 3, path
        page = visits.get(PAGE)
        assert "handlers.users.save" in page.text
        assert "MongoDB is away" in words(page)
    finally:
        proxy.admit()
        until(lambda: visits.get(PAGE).status_code == 200, "it is back")
        visits.close()
        proxy.close()
