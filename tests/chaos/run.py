"""Make each fault while hooks are sent, wait until all is well again, and look."""

import math
import threading
import time
from random import Random

from state.client import connect
from tests.chaos import verdict
from tests.chaos.sender import Answers, Sender
from tests.chaos.stream import Stream
from tests.chaos.table import Found

#: Hooks are sent for this long before a fault begins.
BEFORE_SECONDS = 1.0
#: What has not come back by then counts as lost.
RECOVERY_SECONDS = 120
#: Then nothing is under way, and the audit must balance.
AUDIT_SECONDS = 20


class Run:
    """The faults of one run, in a seeded order, and what was found."""

    def __init__(self, site, seed, say):
        self._site = site
        self._say = say
        self._stream = Stream(seed)
        self._random = Random(seed)
        self._sender = Sender([member.port for member in site.receivers])
        self._db = connect(site.mongos.url, name="chaos")
        self.found = {}

    def go(self, faults, events, rounds):
        """Make all faults `rounds` times; send at least `events` hooks in all."""
        share = math.ceil(events / (len(faults) * rounds))
        for _ in range(rounds):
            for fault in self._random.sample(faults, len(faults)):
                self._make(fault, share)
        return [self.found[one.name] for one in faults if one.name in self.found]

    def close(self):
        self._sender.close()
        self._db.client.close()

    def _make(self, fault, number):
        self._say(fault.name)
        found = self.found.setdefault(fault.name, Found(fault.name))
        answers, hooks = Answers(), self._stream.more(number)
        sending = _Sending(self._sender, hooks, answers)
        time.sleep(BEFORE_SECONDS)
        try:
            for seconds in fault.steps(self._site):
                time.sleep(seconds)
        finally:
            mended, until_now = time.monotonic(), list(answers.accepted)
            sending.finish()
        self._recover(found, until_now, mended)
        sending.join()
        self._account(found, hooks, answers)

    def _recover(self, found, until_now, mended):
        """Wait until all that was accepted before is done, and all is ready."""
        left = verdict.wait_in_ledger(self._db, until_now, RECOVERY_SECONDS)
        end = mended + RECOVERY_SECONDS
        while not self._site.is_ready() and time.monotonic() < end:
            time.sleep(0.1)
        if not left:
            found.recovery = max(found.recovery, time.monotonic() - mended)

    def _account(self, found, hooks, answers):
        found.times += 1
        found.sent += len(hooks)
        found.accepted += len(answers.accepted)
        found.spooled += list(answers.accepted.values()).count("spooled")
        found.slowest = max(found.slowest, answers.slowest)
        found.lost |= set(
            verdict.wait_in_ledger(self._db, answers.accepted, RECOVERY_SECONDS)
        )
        found.way = max(found.way, verdict.longest_way(self._db, answers.times))
        self._resend(found, answers)
        found.doubled |= set(verdict.doubled(self._db))
        found.wrong += self._wrong()
        for words in found.wrong[-5:]:
            self._say(f"  WRONG: {words}")

    def _resend(self, found, answers):
        # What was refused was never promised. An administrator can send it again from
        # the host's log; then the state must be the host's own.
        refused = list(answers.refused.values())
        left = self._sender.insist(refused, answers)
        found.wrong += [f"{hook.delivery_id} is never accepted" for hook in left]
        again = [hook.delivery_id for hook in refused]
        found.lost |= set(verdict.wait_in_ledger(self._db, again, RECOVERY_SECONDS))

    def _wrong(self):
        wrong = verdict.wrong_in_state(self._db, self._stream.host)
        if number := verdict.dead(self._db):
            wrong.append(f"{number} dead letters, though nothing can be wrong with any")
        spools = [self._site.spool(number) for number in range(2)]
        environment = self._site.receivers[0].environment
        wrong += verdict.wrong_in_audit(environment, spools, AUDIT_SECONDS)
        ended = [f"a process ended by itself: {it.port}" for it in self._site.dead()]
        return wrong + ended


class _Sending:
    """Sends hooks in a thread for as long as the fault lasts, and a moment longer."""

    def __init__(self, sender, hooks, answers):
        self._mended = threading.Event()
        self._thread = threading.Thread(
            target=sender.trickle, args=(hooks, answers, self._mended)
        )
        self._thread.start()

    def finish(self):
        """Send what is left within a second."""
        self._mended.set()

    def join(self):
        """Wait for the last answer."""
        self._thread.join()
