"""Deliver payloads to a receiver as the host does: one POST each, no second try."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import requests

from cli.payloads import Payload
from cli.proof import Proof
from config.settings import DEFAULT_SOURCE

#: The host waits this long for an answer, in seconds.
HOST_TIMEOUT = 10.0


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


def deliver(
    listed: Iterable[Payload], url: str, *, proof: Proof, source: str = DEFAULT_SOURCE
) -> Iterator[Answer]:
    """POST each payload to the receiver at `url`; yield each answer as it comes."""
    headers: dict[str, str | bytes] = {
        # The host opens a connection for each delivery, too.
        "Connection": "close",
        "Content-Type": "application/json",
        "User-Agent": "forgewire-send",
        "X-Gitlab-Event": "System Hook",
    }
    with requests.Session() as session:
        session.trust_env = False
        for each in listed:
            sent = headers | {"Idempotency-Key": each.delivery_id}
            sent |= proof(each.delivery_id, each.body)
            yield _post(session, f"{url}/hooks/gitlab/{source}", each, sent)


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
