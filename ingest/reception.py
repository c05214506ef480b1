"""Take one hook from its headers to its answer."""

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from flask import Request, Response

from broker.errors import Blocked, ConnectionLost, TooLarge, TooLate
from broker.message import Message
from config import about
from config.settings import Source
from ingest import (
    answers,
    authentication,
    bodies,
    identity,
    journal,
    problems,
    tracing,
)
from ingest.metrics import Metrics
from ingest.problems import Refused
from ingest.signatures import Signature
from ingest.spool.errors import CannotSpool
from schemas.body import event_name, parse_object
from schemas.errors import ForgewireError, NoEventName, NotAnObject

#: After these the broker may have the event all the same, with its receipt.
_PERHAPS_QUEUED = (Blocked, ConnectionLost, TooLate)
#: What the answer to a hook for an unknown source is counted under.
OTHER = "other"


@dataclass(frozen=True, slots=True)
class Limits:
    """How much of what the receiver takes at once."""

    max_body_bytes: int = 25 << 20
    #: Bodies of senders not yet known that may be on their way at once. Each holds a
    #: thread for as long as its sender likes, so leave some threads to the others.
    strangers: int = 192
    #: So many more may wait for their turn, since each of them holds a thread as well.
    waiting: int = 16
    #: How long they wait.
    patience_seconds: float = 2.0


class Reception:
    """Authenticates, names, makes durable and answers; safe to share among threads."""

    def __init__(
        self,
        sources: Mapping[str, Source],
        make_durable: Callable[[Message], str],
        clock: Callable[[], int],
        limits: Limits,
        metrics: Metrics,
    ) -> None:
        self._sources = sources
        self._make_durable = make_durable
        self._clock = clock
        self._limits = limits
        self._metrics = metrics
        self._receipts = identity.Receipts()
        self._strangers = threading.BoundedSemaphore(limits.strangers)
        self._waiting = threading.BoundedSemaphore(limits.waiting)

    def receive(self, request: Request, source: str) -> Response:
        """Return the answer to a hook that came in at the route of `source`."""
        started = time.perf_counter()
        note: dict[str, Any] = {"source": source if source in self._sources else OTHER}
        status = problems.UNEXPECTED.status
        with self._metrics.in_flight.track_inprogress():
            try:
                answer = self._answer(request, source, note)
                status = answer.status_code
            finally:
                tracing.tell(request.environ, note)
                journal.write(
                    self._metrics, note, status, time.perf_counter() - started
                )
        return answer

    def _answer(self, request: Request, source: str, note: dict[str, Any]) -> Response:
        try:
            message = self._admit(request, source)
            about.tell_of(message.names)
            note |= journal.described(message)
            result = self._hand_on(message)
        except Refused as exc:
            note |= {"code": exc.problem.code, "remote": request.remote_addr}
            if isinstance(exc.__cause__, ForgewireError):
                note["cause"] = exc.__cause__
            return problems.response(exc.problem)
        note["result"] = result
        told = {
            "delivery_id": message.delivery_id,
            "event": message.event,
            "status": result,
        }
        return answers.json(told, 202)

    def _admit(self, request: Request, name: str) -> Message:
        received_at = self._clock()
        source = self._sources.get(name)
        if source is None or not source.enabled:
            raise Refused(problems.NO_SUCH_HOOK)
        cap = self._limits.max_body_bytes
        length = bodies.declared_length(request.environ, cap)
        signature = authentication.check_headers(
            source, request.headers, received_at / 1_000_000
        )
        body = self._read(request, length, source, signature)
        self._metrics.bytes.observe(len(body))
        _check_media_type(request)
        traceparent, tracestate = identity.trace(request.headers)
        return Message(
            source=name,
            event=_named(body),
            delivery_id=identity.delivery_id(request.headers, name, body),
            receipt=self._receipts.take(),
            received_at=received_at,
            body=body,
            traceparent=traceparent,
            tracestate=tracestate,
        )

    def _read(
        self,
        request: Request,
        length: int | None,
        source: Source,
        signature: Signature | None,
    ) -> bytes:
        stream, cap = request.environ["wsgi.input"], self._limits.max_body_bytes
        if signature is None:
            return bodies.read(stream, length, cap)
        with self._room():
            body = bodies.read(stream, length, cap)
        authentication.check_body(source, signature, body)
        return body

    @contextmanager
    def _room(self) -> Iterator[None]:
        if not (self._strangers.acquire(blocking=False) or self._waits_for_room()):
            raise Refused(problems.BUSY)
        try:
            yield
        finally:
            self._strangers.release()

    def _waits_for_room(self) -> bool:
        if not self._waiting.acquire(blocking=False):
            return False
        try:
            return self._strangers.acquire(timeout=self._limits.patience_seconds)
        finally:
            self._waiting.release()

    def _hand_on(self, message: Message) -> str:
        try:
            return self._make_durable(message)
        except CannotSpool as exc:
            if not isinstance(exc.__cause__, _PERHAPS_QUEUED):
                self._receipts.give_back(message.receipt)
            raise Refused(problems.NOT_DURABLE) from exc
        except TooLarge as exc:
            self._receipts.give_back(message.receipt)
            raise Refused(problems.TOO_LARGE_FOR_BROKER) from exc


def _check_media_type(request: Request) -> None:
    # What the host says first: to take a media type apart costs more than to parse
    # the body.
    is_json = request.content_type == "application/json" or _is_json(request.mimetype)
    encoding = request.headers.get("Content-Encoding", "identity")
    if not is_json or encoding.lower() != "identity":
        raise Refused(problems.NOT_JSON)


def _is_json(media_type: str) -> bool:
    # A sender that says nothing is believed: the body is parsed all the same.
    return media_type in {"", "application/json"} or media_type.endswith("+json")


def _named(body: bytes) -> str:
    try:
        return event_name(parse_object(body))
    except NotAnObject as exc:
        raise Refused(problems.NOT_AN_OBJECT) from exc
    except NoEventName as exc:
        raise Refused(problems.NO_EVENT_NAME) from exc
