"""Latencies: who is waited for, when it was seen, and the figures made of it."""

import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from bench import samples
from bench.latency import PROBES, keys, new_users, with_probes
from bench.posts import NotAccepted, post_at_rate
from bench.samples import Samples
from bench.visible import Seen


def test_each_probe_is_of_another_new_user():
    hooks = with_probes(3, 1_000)

    users = [keys(hook)[0] for hook in hooks[::PROBES]]
    assert len(set(users)) == 1_000 / PROBES
    assert {hook.event for hook in hooks[::PROBES]} == {"user_create"}


def test_no_hook_among_probes_has_the_delivery_id_of_another():
    assert len({hook.delivery_id for hook in with_probes(3, 1_000)}) == 1_000


def test_keys_are_those_of_the_state_and_of_the_ledger():
    (hook,) = new_users(1, 1)

    (users, _), row = keys(hook)

    assert users == "users"
    assert row == ("deliveries", f"gitlab:{hook.delivery_id}")


def test_the_first_time_that_a_document_is_seen_counts():
    seen = Seen()
    seen.note(("users", "gitlab:1"), 10.0)
    seen.note(("users", "gitlab:1"), 11.0)

    assert seen.wait(("users", "gitlab:1"), seconds=0) == 10.0


def test_a_document_that_is_not_seen_in_time_is_an_error():
    with pytest.raises(TimeoutError, match="users"):
        Seen().wait(("users", "gitlab:1"), seconds=0.01)


def test_figures_are_milliseconds_and_medians_of_rounds():
    rounds = [
        Samples(visible=[0.001, 0.002, 0.009], accounted=[0.004], acknowledged=3),
        Samples(visible=[0.003, 0.004, 0.005], accounted=[0.006], arrived=2),
    ]

    figure = samples.ours("idle", rounds)

    assert figure.rounds == pytest.approx((2, 4))
    assert figure.also["ledger_ms"] == pytest.approx(5)
    assert figure.also["p99_ms"] == pytest.approx(8.8, abs=0.1)
    assert figure.lost == 1


def test_the_reference_is_the_sum_of_both_medians_in_each_round():
    rounds = [
        Samples(confirm=[0.001, 0.001, 0.5], write=[0.002, 0.003, 0.004]),
        Samples(confirm=[0.002], write=[0.005]),
    ]

    both, confirm, write = samples.references("idle", rounds)

    assert both.rounds == pytest.approx((4, 7))
    assert confirm.rounds == pytest.approx((1, 2))
    assert write.rounds == pytest.approx((3, 5))


@pytest.fixture
def receiver():
    """Give a stand-in that keeps when hooks came, and answers as it is told."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self):
            self.rfile.read(int(self.headers["Content-Length"]))
            server.came[self.headers["Idempotency-Key"]] = time.monotonic()
            self.send_response(server.status)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.came, server.status = {}, 202
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def test_hooks_are_due_at_a_fixed_rate_and_not_sent_before(receiver):
    hooks = new_users(1, 40)

    due = post_at_rate(f"http://127.0.0.1:{receiver.server_port}/x", hooks, 200)

    assert due[-1] - due[0] == pytest.approx(39 / 200)
    assert all(
        receiver.came[hook.delivery_id] >= at
        for hook, at in zip(hooks, due, strict=True)
    )


def test_a_hook_that_is_refused_is_an_error(receiver):
    receiver.status = 503

    with pytest.raises(NotAccepted, match="503"):
        post_at_rate(
            f"http://127.0.0.1:{receiver.server_port}/x", new_users(1, 3), 1_000
        )
