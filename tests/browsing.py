"""Run receiver, worker and API for a browser, and look at pages as it shows them."""

import json
import os
from datetime import UTC, datetime
from pathlib import Path

from handlers.changes import Put
from state.store import Decided, Store
from state.version import Stamp
from tests.operating import Operated
from tests.processes import ROOT
from tests.receiver import Receiver, until
from tests.samples.load import payload
from tests.working import Worker

CHROMIUM = "/usr/bin/chromium"
#: Where pictures of the pages go; those in docs/console are made by naming it here.
PICTURES = Path(os.environ.get("SCREENSHOTS", ROOT / "var" / "screenshots"))
AXE = ROOT / "tests" / "browser" / "node_modules" / "axe-core" / "axe.min.js"
WIDE, NARROW = {"width": 1280, "height": 800}, {"width": 360, "height": 740}


class Stack:
    """Real processes on one RabbitMQ and one MongoDB; `url` is the API's.

    `via` is the AMQP URL that they are told, maybe of a proxy; `plugins` a folder with
    packages that the worker finds; `variables` further FORGEWIRE_ ones of all.
    """

    def __init__(
        self, folder, mongodb_url, amqp_url, *, via=None, plugins=None, **variables
    ):
        self.folder = folder
        self.api = Operated(folder, mongodb_url, amqp_url, via=via, **variables)
        prefix, told = self.api.topology.prefix, via or amqp_url
        self._worker = (folder, told, prefix, self.api.settings.mongodb_url)
        self._plugins = plugins
        self.receiver = Receiver(folder, told, prefix, **variables)
        self.worker = self.new_worker()
        self.url, self.db = self.api.url, self.api.db

    def wait(self):
        """Wait until all are ready."""
        self.api.wait()
        self.receiver.wait()
        until(self.worker.is_ready, "the worker is ready")
        return self

    def new_worker(self):
        """Start another worker; `self.worker` stays as it is."""
        return Worker(*self._worker, plugins=self._plugins)

    def send(self, sample="user_create", delivery_id=None, **changes):
        """Deliver a sample as the host would, changed; return its delivery id."""
        return self.send_body(payload(sample) | changes, delivery_id)

    def send_body(self, body, delivery_id=None):
        """Deliver a payload as the host would; return its delivery id."""
        headers = {"Idempotency_Key": delivery_id} if delivery_id else {}
        answer = self.receiver.post(json.dumps(body).encode(), **headers)
        assert answer.status_code == 202, answer.text
        return answer.json()["delivery_id"]

    def settled(self, *delivery_ids, outcome=None):
        """Wait until the ledger has a row of each, with that outcome if it is named."""
        wanted = {"delivery_id": {"$in": delivery_ids}}
        wanted |= {"outcome": outcome} if outcome else {}
        count = self.db["deliveries"].count_documents
        until(lambda: count(wanted) >= len(delivery_ids), f"{delivery_ids} are settled")

    def person(self, number, username):
        """A user who is known, and so may sign in."""
        now = datetime.now(UTC)
        stamp = Stamp("gitlab", "user_create", f"d-{number}", number, now, now)
        put = Put("users", number, {"username": username, "name": username.title()})
        Store(self.db, "gitlab").apply([Decided(stamp, [put])])
        return f"gitlab:{number}"

    def close(self):
        for process in (self.worker, self.receiver):
            if process.process.poll() is None:
                process.process.kill()
                process.process.wait(20)
        self.api.close()


class Watched:
    """What went wrong in a page that a test would not see: scripts, and the policy."""

    def __init__(self, page):
        self.found = []
        page.on("pageerror", lambda error: self.found.append(str(error)))
        page.on("console", self._said)

    def _said(self, message):
        if "Content Security Policy" in message.text or message.type == "warning":
            self.found.append(message.text)


def violations(page):
    """What axe finds on the page, one line for each."""
    assert AXE.is_file(), "run scripts/setup --tests"
    # Read as a file of ours would be: the policy of the page allows no script in it.
    page.evaluate(AXE.read_text("utf-8"))
    found = page.evaluate("axe.run({resultTypes: ['violations']})")
    return [
        f"{it['id']}: {it['help']} at {node['target']}: {node['failureSummary']}"
        for it in found["violations"]
        for node in it["nodes"]
    ]


def overflow(page):
    """How many pixels of a page one would have to scroll sideways for."""
    return page.evaluate(
        "document.documentElement.scrollWidth - document.documentElement.clientWidth"
    )


def pictures(page, name):
    """Take the page as it is: light, dark, and as wide as a telephone."""
    PICTURES.mkdir(parents=True, exist_ok=True)
    for kind, scheme, size in (
        ("light", "light", WIDE),
        ("dark", "dark", WIDE),
        ("360", "light", NARROW),
    ):
        page.emulate_media(color_scheme=scheme)
        page.set_viewport_size(size)
        page.screenshot(path=PICTURES / f"{name}-{kind}.png", full_page=True)
    page.set_viewport_size(WIDE)
    page.emulate_media(color_scheme="light")
