"""Tell another system of accounts that come, are renamed and go, by signed webhooks."""

import base64
import hashlib
import hmac
import json
import os
import time
from collections.abc import Mapping

import requests
from tenacity import (
    retry,
    retry_if_exception_type,
    stop_after_attempt,
    wait_random_exponential,
)

from handlers import Transition, reacts_to
from schemas.errors import Rejected, Unavailable

#: Where it is told, and the secret that both sides know: `whsec_` and base64.
URL, SECRET = "ANNOUNCE_URL", "ANNOUNCE_SECRET"
#: How long to wait for a connection, and for an answer, in seconds.
PATIENCE = (2.0, 4.0)
#: What a server answers that took it, and one that may take it in a moment.
TAKEN, BUSY = range(200, 300), {429, *range(500, 600)}


@reacts_to("users", "created", "changed", "deleted", fields=("username",), seconds=30)
def announce(transition: Transition) -> None:
    """Tell of an account. Who is told twice knows it by `webhook-id`."""
    tell(transition, os.environ)


def tell(transition: Transition, environ: Mapping[str, str]) -> None:
    """Send one transition to where `environ` says.

    Raise Unavailable if it may be taken later, and Rejected if it never will be.
    """
    url, secret = environ[URL], environ[SECRET]
    _send(url, secret, message_id(transition.key), body_of(transition))


def message_id(key: str) -> str:
    """Return an id without dots, since they part what is signed."""
    return f"msg_{hashlib.sha256(key.encode()).hexdigest()[:32]}"


def body_of(transition: Transition) -> bytes:
    """Return what is told, as JSON."""
    data = {
        "source": transition.source,
        "id": transition.id,
        "username": transition.after.get("username"),
        "changed_fields": transition.changed_fields,
    }
    kind = f"{transition.collection}.{transition.kind}"
    return json.dumps({"type": kind, "data": data}).encode()


@retry(
    retry=retry_if_exception_type(Unavailable),
    stop=stop_after_attempt(3),
    wait=wait_random_exponential(multiplier=0.1, max=2),
    reraise=True,
)
def _send(url: str, secret: str, message_id: str, body: bytes) -> None:
    headers = signed(secret, message_id, int(time.time()), body)
    try:
        answer = requests.post(
            url, data=body, headers=headers, timeout=PATIENCE, allow_redirects=False
        )
    except requests.RequestException as exc:
        # Its message may quote the URL, which may hold a password.
        raise Unavailable(f"no answer: {type(exc).__name__}") from None
    if answer.status_code in BUSY:
        raise Unavailable(f"answered {answer.status_code}")
    if answer.status_code not in TAKEN:
        raise Rejected(f"answered {answer.status_code}")


def signed(secret: str, message_id: str, now: int, body: bytes) -> dict[str, str]:
    """Return the headers of a request by Standard Webhooks; `now` in Unix seconds."""
    key = base64.b64decode(secret.removeprefix("whsec_"))
    content = f"{message_id}.{now}.".encode() + body
    signature = base64.b64encode(hmac.digest(key, content, "sha256")).decode()
    return {
        "content-type": "application/json",
        "webhook-id": message_id,
        "webhook-timestamp": str(now),
        "webhook-signature": f"v1,{signature}",
    }
