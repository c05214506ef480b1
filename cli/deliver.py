"""Deliver payloads to a receiver as the host does: one POST each, no second try."""

import random
import uuid
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import requests

from config.settings import DEFAULT_SOURCE
from schemas.errors import ForgewireError

#: The host waits this long for an answer, in seconds.
HOST_TIMEOUT = 10.0


class NoPayloads(ForgewireError):
    """Raised when the files named hold nothing to deliver, or cannot be read."""


@dataclass(frozen=True, slots=True)
class Payload:
    """One hook to deliver, and the id under which the host would send it again."""

    name: str
    body: bytes = field(repr=False)
    delivery_id: str


@dataclass(frozen=True, slots=True)
class Answer:
    """What the receiver answered; status 0 means that it did not."""

    name: str
    delivery_id: str
    status: int
    #: "queued", or the code of a problem, or the kind of error.
    result: str
    #: What the receiver says is to be done.
    advice: str = ""

    @property
    def is_accepted(self) -> bool:
        """Return whether the delivery is Forgewire's from now on."""
        return 200 <= self.status < 300  # noqa: PLR2004 - HTTP's successes


def payloads(paths: Iterable[Path]) -> list[Payload]:
    """Return the payloads in files, and in the `*.json` files of folders.

    Raise NoPayloads if there are none, or one cannot be read.
    """
    files = [file for path in paths for file in _files(path)]
    if not files:
        raise NoPayloads("there is no *.json file in the folders named")
    return [Payload(file.name, read(file), str(uuid.uuid4())) for file in files]


def read(file: Path) -> bytes:
    """Return what a file holds; raise NoPayloads if it cannot be read."""
    try:
        return file.read_bytes()
    except OSError as exc:
        raise NoPayloads(f"{file}: {exc.strerror}") from exc


def shuffled(listed: Sequence[Payload], seed: int) -> list[Payload]:
    """Return the payloads in an order that `seed` decides."""
    return random.Random(seed).sample(listed, len(listed))  # noqa: S311 - no secret


def deliver(
    listed: Iterable[Payload], url: str, *, token: bytes, source: str = DEFAULT_SOURCE
) -> Iterator[Answer]:
    """POST each payload to the receiver at `url`; yield each answer as it comes."""
    headers: dict[str, str | bytes] = {
        # The host opens a connection for each delivery, too.
        "Connection": "close",
        "Content-Type": "application/json",
        "User-Agent": "forgewire-send",
        "X-Gitlab-Event": "System Hook",
        "X-Gitlab-Token": token,
    }
    with requests.Session() as session:
        session.trust_env = False
        for payload in listed:
            sent = headers | {"Idempotency-Key": payload.delivery_id}
            yield _post(session, f"{url}/hooks/gitlab/{source}", payload, sent)


def _files(path: Path) -> list[Path]:
    return sorted(path.glob("*.json")) if path.is_dir() else [path]


def _post(
    session: requests.Session,
    url: str,
    payload: Payload,
    headers: dict[str, str | bytes],
) -> Answer:
    name, delivery_id = payload.name, payload.delivery_id
    try:
        answer = session.post(
            url,
            data=payload.body,
            headers=headers,
            timeout=HOST_TIMEOUT,
            allow_redirects=False,
        )
    except requests.RequestException as exc:
        return Answer(name, delivery_id, 0, type(exc).__name__, "No receiver answered.")
    told = _told(answer)
    result = told.get("status") if answer.ok else told.get("code")
    advice = told.get("detail", "")
    return Answer(name, delivery_id, answer.status_code, str(result), str(advice))


def _told(answer: requests.Response) -> dict[str, object]:
    try:
        told = answer.json()
    except requests.JSONDecodeError:
        return {}
    return told if isinstance(told, dict) else {}
