"""Deliver payloads to a receiver as the host does: one POST each, no second try."""

import random
import uuid
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import requests

from schemas.errors import ForgewireError

#: The host waits this long for an answer, in seconds.
HOST_TIMEOUT = 10.0


class NoPayloads(ForgewireError):
    """Raised when the files named hold nothing to deliver."""


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
    detail: str

    @property
    def is_accepted(self) -> bool:
        """Return whether the delivery is Forgewire's from now on."""
        return 200 <= self.status < 300  # noqa: PLR2004 - HTTP's successes


def payloads(paths: Iterable[Path]) -> list[Payload]:
    """Return the payloads in files, and in the `*.json` files of folders.

    Raise NoPayloads if there are none.
    """
    files = [file for path in paths for file in _files(path)]
    if not files:
        raise NoPayloads("there is no *.json file to deliver")
    return [Payload(file.name, file.read_bytes(), str(uuid.uuid4())) for file in files]


def shuffled(listed: Sequence[Payload], *, times: int, seed: int) -> list[Payload]:
    """Return every payload `times` times, in an order that `seed` decides."""
    repeated = [payload for payload in listed for _ in range(times)]
    random.Random(seed).shuffle(repeated)  # noqa: S311 - no secret
    return repeated


def deliver(
    listed: Iterable[Payload], url: str, *, token: str, source: str = "gitlab"
) -> Iterator[Answer]:
    """POST each payload to the receiver at `url`; yield each answer as it comes."""
    headers = {
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
    session: requests.Session, url: str, payload: Payload, headers: dict[str, str]
) -> Answer:
    try:
        answer = session.post(
            url, data=payload.body, headers=headers, timeout=HOST_TIMEOUT
        )
    except requests.RequestException as exc:
        return Answer(payload.name, payload.delivery_id, 0, type(exc).__name__)
    return Answer(
        payload.name, payload.delivery_id, answer.status_code, _detail(answer)
    )


def _detail(answer: requests.Response) -> str:
    try:
        told = answer.json()
    except requests.JSONDecodeError:
        return ""
    return str(told.get("status") if answer.ok else told.get("detail"))
