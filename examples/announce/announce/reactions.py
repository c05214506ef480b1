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

#: Where it is told, and the secret that both sides know: `whsec_` and base64.
URL, SECRET = "ANNOUNCE_URL", "ANNOUNCE_SECRET"
#: How long to wait for a connection, and for an answer, in seconds.
PATIENCE = (2.0, 4.0)
#: What a server answers that took it, and one that may take it in a moment.
TAKEN, BUSY = range(200, 300), {429, *range(500, 600)}


class NotTaken(Exception):
    """Raised when the other system did not take it; says nothing of what it was."""


class Busy(NotTaken):
    """Raised when it may take it in a moment."""


@reacts_to("users", "created", "changed", "deleted", fields=("username",), seconds=30)
def announce(transition: Transition) -> None:
    """Tell of an account. Who is told twice knows it by `webhook-id`."""
    tell(transition, os.environ)


def tell(transition: Transition, environ: Mapping[str, str]) -> None:
    """Send one transition to where `environ` says; raise NotTaken."""
    body = json.dumps(
        {
            "type": f"{transition.collection}.{transition.kind}",
            "data": {
                "source": transition.source,
                "id": transition.id,
                "username": transition.after.get("username"),
                "changed_fields": transition.changed_fields,
            },
        }
    )
    # The key has dots, which part what is signed.
    digest = hashlib.sha256(transition.key.encode()).hexdigest()
    _send(environ[URL], environ[SECRET], f"msg_{digest[:32]}", body.encode())


@retry(
    retry=retry_if_exception_type(Busy),
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
        raise Busy(f"no answer: {type(exc).__name__}") from None
    if answer.status_code in BUSY:
        raise Busy(f"answered {answer.status_code}")
    if answer.status_code not in TAKEN:
        raise NotTaken(f"answered {answer.status_code}")


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
