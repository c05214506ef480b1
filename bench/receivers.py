"""The receivers that are compared, each started on names of its own in the servers."""

import secrets
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, replace
from functools import partial
from http.client import HTTPConnection
from itertools import islice
from urllib.parse import urlsplit

from bench.bars import PUBLISH_ONLY
from bench.hooks import HEADERS
from bench.lab import TOKEN, Lab
from broker.topology import Topology
from cli.local import ports
from cli.local.process import wait_ready
from ingest.spool import survey

PATH = "/hooks/gitlab"


@dataclass(frozen=True, slots=True)
class Receiver:
    """A receiver that runs, and what became of what it accepted."""

    url: str
    #: Delivery ids of all that it has stored, "" where a message bears none.
    stored: Callable[[], list[str]]
    #: How many it has stored; cheaper.
    count: Callable[[], int]
    #: Removes all that it has stored, where that can be done.
    clear: Callable[[], None]
    #: How many hooks it says that it has accepted, if it counts them.
    says: Callable[[], int] = int
    is_storing: bool = True


Opener = Callable[[Lab], AbstractContextManager[Receiver]]


@contextmanager
def forgewire(lab: Lab, **settings: str) -> Iterator[Receiver]:
    with lab.topology() as topology, lab.receiver(topology, **settings) as url:
        yield _on_queue(lab, url, topology.events, partial(_accepted, url))


@contextmanager
def forgewire_without_broker(lab: Lab) -> Iterator[Receiver]:
    """Run it with a broker that refuses connections, so that it spools."""
    topology = Topology(f"bench-{secrets.token_hex(4)}")
    folder = lab.folder / f"{topology.prefix}-spool"
    refusing = f"amqp://guest:guest@{ports.HOST}:{ports.free()}/%2F"
    settings = {"AMQP_URL": refusing, "SPOOL_DIR": str(folder)}
    with lab.receiver(topology, status="degraded", **settings) as url:
        yield Receiver(
            url,
            stored=lambda: [it.delivery_id for it in survey.messages(folder)],
            count=lambda: sum(1 for _ in survey.messages(folder)),
            clear=lambda: None,
            says=partial(_accepted, url),
        )


@contextmanager
def rival(
    lab: Lab,
    module: str,
    interface: str = "wsgi",
    *,
    is_storing: bool = True,
    pin: str = "true",
) -> Iterator[Receiver]:
    queue = f"bench-{secrets.token_hex(4)}"
    with _served(lab, module, queue, interface, pin) as url:
        try:
            yield replace(_on_queue(lab, url, queue), is_storing=is_storing)
        finally:
            # Dramatiq makes three.
            lab.delete(queue, f"{queue}.DQ", f"{queue}.XQ")


@contextmanager
def publish_only(lab: Lab, interface: str = "wsgi") -> Iterator[Receiver]:
    with (
        lab.topology() as topology,
        _served(lab, "publish_only", topology.prefix, interface) as url,
    ):
        yield _on_queue(lab, url, topology.events)


@contextmanager
def _served(
    lab: Lab,
    module: str,
    queue: str,
    interface: str = "wsgi",
    pin: str = "true",
) -> Iterator[str]:
    port = ports.free()
    url = f"http://{ports.HOST}:{port}{PATH}"
    arguments = ["-m", "bench.rivals.serve", module, interface, ports.HOST, str(port)]
    environment = _environment(lab, queue) | {"RIVAL_PIN": pin}
    with lab.process(module, arguments, environment) as child:
        wait_ready(child, partial(_takes, url), seconds=30)
        yield url


OPENERS: Mapping[str, Opener] = {
    "Forgewire": forgewire,
    "no-op Flask view": partial(rival, module="noop", is_storing=False),
    PUBLISH_ONLY: publish_only,
    "Flask and Celery": partial(rival, module="celery_web"),
    "Flask and Dramatiq": partial(rival, module="dramatiq_web"),
    "FastStream": partial(rival, module="faststream_web", interface="asgi"),
    "Forgewire, on all processors": partial(forgewire, INGEST_PIN="false"),
    "no-op Flask view, on all processors": partial(
        rival, module="noop", is_storing=False, pin="false"
    ),
    "no-op Flask view, on gunicorn": partial(
        rival, module="noop", is_storing=False, interface="gthread"
    ),
    f"{PUBLISH_ONLY}, on gunicorn": partial(publish_only, interface="gthread"),
    "aio-pika": partial(rival, module="aio_pika_web", interface="asgi"),
}


def _environment(lab: Lab, queue: str) -> dict[str, str]:
    return {
        "RIVAL_AMQP_URL": lab.broker.url,
        "RIVAL_QUEUE": queue,
        "RIVAL_TOKEN": TOKEN,
    }


def _on_queue(
    lab: Lab, url: str, queue: str, says: Callable[[], int] = int
) -> Receiver:
    def clear() -> None:
        with lab.channel() as channel:
            channel.queue_purge(queue)

    return Receiver(
        url, lambda: _taken(lab, queue), lambda: lab.depth(queue), clear, says
    )


def _taken(lab: Lab, queue: str) -> list[str]:
    """Take all out of a queue, and return the ids; Celery's is in another place."""
    with lab.channel() as channel:
        coming = channel.consume(queue, auto_ack=True, inactivity_timeout=5)
        ready = islice(coming, lab.depth(queue))
        return [it.message_id or it.correlation_id or "" for _, it, _ in ready if it]


def _takes(url: str) -> bool:
    parts = urlsplit(url)
    connection = HTTPConnection(parts.hostname or "", parts.port, timeout=5)
    headers = {**HEADERS, "Idempotency-Key": secrets.token_hex(8)}
    try:
        connection.request("POST", parts.path, b'{"event_name": "a"}', headers)
        return connection.getresponse().status == 202
    except OSError:
        return False
    finally:
        connection.close()


def _accepted(url: str) -> int:
    with urllib.request.urlopen(url.replace(PATH, "/metrics")) as answer:
        lines = answer.read().decode().splitlines()
    counted = [it for it in lines if it.startswith("forgewire_hooks_total{")]
    return sum(int(float(it.split()[-1])) for it in counted if 'status="202"' in it)
