"""What a receiver accepts outlives the broker, the disk's bounds and the receiver."""

import contextlib
import itertools
import os
import random
import resource
import shutil
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
import requests

from broker.topology import Topology
from tests.proxy import Proxy
from tests.rabbit import consuming, ctl
from tests.receiver import Receiver, until
from tests.receiving import EVENT, TOKEN

#: The seed of all that is random here.
SEED = 20_261_122
LIVES = 6
HEADERS = {"X-Gitlab-Token": TOKEN, "Content-Type": "application/json"}


@pytest.fixture
def start(tmp_path, prefix):
    """Start receivers that share a spool, which are stopped after the test."""
    started = []

    def begin(amqp_url, **settings):
        started.append(Receiver(tmp_path, amqp_url, prefix, **settings))
        return started[-1]

    yield begin
    for one in started:
        one.stop()


@pytest.fixture
def proxy(rabbitmq):
    between = Proxy(rabbitmq.port)
    yield between
    between.close()


@pytest.fixture
def url(proxy):
    return f"amqp://guest:guest@127.0.0.1:{proxy.port}/%2F"


@pytest.fixture
def spool(tmp_path, prefix):
    """The folder of the spool."""
    return tmp_path / f"{prefix}-spool"


@pytest.fixture
def arrived(amqp_url, prefix):
    """Take from the queue until all these ids have come; return all, in order."""

    def take(wanted):
        found = []
        with consuming(amqp_url, Topology(prefix), prefetch=1000) as consumer:

            def all_came():
                batch = consumer.take(1000, 0.1)
                consumer.ack(batch)
                found.extend(it.message().delivery_id for it in batch)
                return set(wanted) <= set(found)

            with contextlib.suppress(AssertionError):
                until(all_came, "all arrive")
        assert set(wanted) - set(found) == set()
        return found

    return take


def send(receiver, ids, *, body=EVENT, session=requests):
    """Post one event for each id; return what was answered to each, and the seconds."""
    answers = []
    for id_ in ids:
        began = time.monotonic()
        answer = session.post(
            f"{receiver.url}/hooks/gitlab",
            data=body,
            headers=HEADERS | {"Idempotency-Key": id_},
            timeout=20,
        )
        answers.append((id_, answer, time.monotonic() - began))
    return answers


def send_by_many(receiver, number, threads=16):
    """Post events from many clients at once."""
    ids = [f"{thread}-{it}" for thread in range(threads) for it in range(number)]

    def one_client(own):
        with requests.Session() as session:
            return send(receiver, own, session=session)

    with ThreadPoolExecutor(threads) as pool:
        lists = pool.map(one_client, (ids[it::threads] for it in range(threads)))
        return [it for answers in lists for it in answers]


def statuses(answers):
    return {answer.json().get("status") for _, answer, _ in answers}


def p99(answers):
    seconds = sorted(it for _, _, it in answers)
    return seconds[int(len(seconds) * 0.99)]


def is_empty(spool):
    return not [*spool.glob("*.spool")]


def metric(receiver, name):
    lines = receiver.get("/metrics").text.splitlines()
    (line,) = (it for it in lines if it.startswith(f"{name} "))
    return float(line.split()[1])


def test_while_the_broker_is_gone_hooks_are_spooled_fast(
    start, proxy, url, spool, arrived
):
    receiver = start(url).wait()
    proxy.refuse()
    receiver.wait("degraded")

    answers = send_by_many(receiver, 40)

    assert statuses(answers) == {"spooled"}
    assert p99(answers) < 1
    assert metric(receiver, "forgewire_spool_events") == len(answers)
    assert metric(receiver, "forgewire_spool_oldest_seconds") > 0
    assert metric(receiver, "forgewire_broker_ready") == 0
    ready = receiver.get("/readyz")
    assert ready.status_code == 200
    assert ready.json()["checks"]["broker"]["ok"] is False
    assert ready.json()["checks"]["spool"] == {"ok": True}
    proxy.admit()
    ids = [id_ for id_, _, _ in answers]
    assert sorted(arrived(ids)) == sorted(ids)
    until(lambda: is_empty(spool), "nothing is left")
    receiver.wait()
    assert metric(receiver, "forgewire_spool_events") == 0
    assert metric(receiver, "forgewire_spool_drained_total") == len(answers)


def test_what_was_spooled_first_arrives_first(start, proxy, url, arrived):
    proxy.refuse()
    receiver = start(url).wait("degraded")
    ids = [f"number-{it}" for it in range(60)]

    send(receiver, ids)
    proxy.admit()

    assert arrived(ids) == ids


def test_while_the_broker_does_not_answer_hooks_are_spooled_fast(
    start, proxy, url, spool, arrived
):
    receiver = start(url).wait()
    proxy.stall()

    answers = send_by_many(receiver, 40)

    assert statuses(answers) == {"spooled"}
    assert p99(answers) < 1.2
    in_time = [it for _, _, it in answers if it < 0.5]
    assert len(in_time) > len(answers) / 2
    proxy.flow()
    arrived(id_ for id_, _, _ in answers)
    until(lambda: is_empty(spool), "nothing is left")
    assert statuses(send(receiver.wait(), ["after"])) == {"queued"}


def test_while_the_broker_is_short_of_memory_hooks_are_spooled(
    rabbitmq, start, amqp_url, spool, arrived
):
    receiver = start(amqp_url).wait()
    ctl(rabbitmq, "set_vm_memory_high_watermark", "0.00001")
    try:
        answers = send(receiver, [f"blocked-{it}" for it in range(50)])
    finally:
        ctl(rabbitmq, "set_vm_memory_high_watermark", "0.4")

    # The alarm is told to who publishes, so the first may have been on their way.
    assert {answer.status_code for _, answer, _ in answers} == {202}
    assert statuses(answers[1:]) == {"spooled"}
    arrived(id_ for id_, _, _ in answers)
    until(lambda: is_empty(spool), "nothing is left")


def post_until_it_dies(receiver, life, client, accepted):
    with contextlib.suppress(requests.RequestException), requests.Session() as session:
        for number in itertools.count():
            ((id_, answer, _),) = send(
                receiver, [f"{life}-{client}-{number}"], session=session
            )
            if answer.status_code == 202:
                accepted.append(id_)


def test_a_receiver_that_is_killed_at_any_moment_loses_nothing(
    start, proxy, url, spool, arrived
):
    chance, accepted = random.Random(SEED), []
    for life in range(LIVES):
        # Half of the lives begin without a broker, and get it while they spool.
        if life % 2 == 0:
            proxy.refuse()
        receiver = start(url, SPOOL_DRAIN_RATE="300")
        receiver.wait(200)
        with ThreadPoolExecutor(6) as pool:
            for client in range(6):
                pool.submit(post_until_it_dies, receiver, life, client, accepted)
            time.sleep(chance.uniform(0.05, 0.4))
            proxy.admit()
            time.sleep(chance.uniform(0.05, 0.6))
            receiver.kill()
    start(url, SPOOL_DRAIN_RATE="10000").wait()

    came = arrived(accepted)

    assert len(accepted) > 100
    until(lambda: is_empty(spool), "nothing is left")
    # Those that were sent, but not answered in time, came as well.
    assert len(set(came)) <= len(accepted) + 6 * LIVES


def test_what_is_spooled_when_it_is_told_to_stop_is_sent_at_the_next_start(
    start, proxy, url, arrived
):
    proxy.refuse()
    first = start(url).wait("degraded")
    ids = [f"stop-{it}" for it in range(20)]
    send(first, ids)

    assert first.stop() == 0
    proxy.admit()
    start(url)

    assert arrived(ids) == ids


def test_another_receiver_drains_what_a_dead_one_left(
    start, proxy, url, spool, arrived
):
    proxy.refuse()
    first, second = start(url).wait("degraded"), start(url).wait("degraded")
    ids = [f"orphan-{it}" for it in range(20)]
    send(first, ids)
    send(second, ["own"])

    first.kill()
    proxy.admit()

    assert sorted(arrived([*ids, "own"])) == sorted([*ids, "own"])
    until(lambda: is_empty(spool), "nothing is left")
    second.wait()


def test_damaged_files_are_set_aside_and_named_and_the_rest_is_drained(
    start, proxy, url, spool, arrived
):
    proxy.refuse()
    first = start(url).wait("degraded")
    send(first, ["a", "b"])
    first.kill()
    (left,) = spool.glob("*.spool")
    with left.open("ab") as file:
        file.write(b"\x93FwR torn")
    (spool / "00000000000000000001-garbage.spool").write_bytes(b"rosebud" * 100)
    (spool / "00000000000000000002-empty.spool").touch()
    proxy.admit()

    second = start(url)

    assert sorted(arrived(["a", "b"])) == ["a", "b"]
    until(lambda: is_empty(spool), "nothing is left")
    names = {it.name for it in spool.glob("*.set-aside")}
    assert len(names) == 3
    assert metric(second.wait(), "forgewire_spool_set_aside_files") == 3
    log = second.log.read_text()
    assert all(name in log for name in names)
    assert "rosebud" not in log


def test_a_full_spool_refuses_and_recovers(start, proxy, url, spool, arrived):
    proxy.refuse()
    receiver = start(url, SPOOL_MAX_BYTES="5000").wait("degraded")

    answers = send(receiver, [f"full-{it}" for it in range(40)])

    codes = [answer.status_code for _, answer, _ in answers]
    assert codes == sorted(codes)
    assert set(codes) == {202, 503}
    refused = answers[-1][1]
    assert refused.headers["Content-Type"] == "application/problem+json"
    assert refused.json()["code"] == "not-durable"
    assert refused.headers["Retry-After"]
    assert receiver.get("/readyz").json()["status"] == "not ready"
    assert receiver.get("/readyz").status_code == 503
    others = [it for it in spool.iterdir() if it.suffix != ".tally"]
    assert sum(it.stat().st_size for it in others) <= 5000
    assert metric(receiver, "forgewire_spool_bytes") <= 5000
    proxy.admit()
    receiver.wait()
    accepted = [id_ for id_, answer, _ in answers if answer.status_code == 202]
    assert arrived(accepted) == accepted


def test_a_disk_that_takes_nothing_is_told_and_comes_back(
    start, proxy, url, spool, arrived
):
    proxy.refuse()
    receiver = start(url).wait("degraded")
    pid = receiver.serving_pid
    send(receiver, ["before"])

    soft, hard = resource.prlimit(pid, resource.RLIMIT_FSIZE, (0, -1))
    lost = send(receiver, ["meanwhile"])[0][1]
    receiver.wait("not ready")
    resource.prlimit(pid, resource.RLIMIT_FSIZE, (soft, hard))
    receiver.wait("degraded")
    taken = send(receiver, ["after"])[0][1]
    proxy.admit()

    assert (lost.status_code, taken.status_code) == (503, 202)
    assert arrived(["before", "after"]) == ["before", "after"]
    until(lambda: is_empty(spool), "nothing is left")


def test_a_disk_that_takes_no_tally_stops_no_hook(start, amqp_url, spool):
    # A file where the folder should be.
    spool.touch()
    receiver = start(amqp_url).wait("degraded")

    answers = send(receiver, ["a", "b", "c"])

    assert statuses(answers) == {"queued"}
    until(lambda: "tally-given-up" in receiver.log.read_text(), "it is told")
    assert receiver.log.read_text().count("tally-given-up") == 1


@pytest.fixture
def tiny_disk(spool):
    """The spool on a disk of 1 MiB, where we may mount one."""
    spool.mkdir()
    mount = shutil.which("mount")
    made = os.geteuid() == 0 and mount is not None
    if made:
        command = [mount, "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(spool)]
        made = subprocess.run(command, check=False).returncode == 0
    yield made
    if made:
        subprocess.run([shutil.which("umount"), "-l", str(spool)], check=True)


def test_a_disk_that_is_full_is_told_and_comes_back(
    start, proxy, url, tiny_disk, arrived
):
    # Without a disk of its own, the bound of the spool stands in for the disk's.
    bounds = {} if tiny_disk else {"SPOOL_MAX_BYTES": str(1 << 20)}
    body = b'{"event_name": "push", "x": "' + b"x" * 50_000 + b'"}'
    proxy.refuse()
    receiver = start(url, **bounds).wait("degraded")

    answers = send(receiver, [f"full-{it}" for it in range(30)], body=body)

    codes = {answer.status_code for _, answer, _ in answers}
    assert codes == {202, 503}
    receiver.wait("not ready")
    accepted = [id_ for id_, answer, _ in answers if answer.status_code == 202]
    assert len(accepted) > 10
    proxy.admit()
    receiver.wait()
    assert arrived(accepted) == accepted
    assert statuses(send(receiver, ["after"])) == {"queued"}
