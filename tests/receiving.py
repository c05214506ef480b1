"""Build receivers and deliveries for tests."""

import base64
import hmac
import re

from flask import Response
from prometheus_client import CollectorRegistry
from werkzeug.test import EnvironBuilder, run_wsgi_app

from config.settings import Source
from ingest.app import create_app
from ingest.circuit import Circuit
from ingest.durability import Durability
from ingest.readiness import Readiness
from ingest.reception import Limits
from ingest.spool.errors import CannotSpool

TOKEN = "sesame-and-thyme"
KEY = b"0123456789abcdef0123456789abcdef"
#: The receiver's clock in unit tests, in seconds.
NOW = 1_700_000_000
JSON = {"Content-Type": "application/json"}
EVENT = b'{"event_name": "user_create", "user_id": 41}'

SOURCES = {
    "gitlab": Source("gitlab", (b"older-token", TOKEN.encode())),
    "signed": Source("signed", (), (b"x" * 32, KEY)),
    "both": Source("both", (TOKEN.encode(),), (KEY,)),
    "off": Source("off", (TOKEN.encode(),), (), enabled=False),
}


class Outbox:
    """A publisher that keeps what it is given, or raises what it is told to."""

    def __init__(self, error=None):
        self.messages = []
        self.error = error

    def publish(self, message):
        if self.error is not None:
            raise self.error
        self.messages.append(message)


def no_spool(_):
    raise CannotSpool("there is no spool here")


def build(
    outbox,
    *,
    is_ready=lambda: True,
    registry=None,
    spool=no_spool,
    readiness=None,
    **limits,
):
    """The application, with a clock that stands still and tiny limits."""
    return create_app(
        SOURCES,
        make_durable=Durability(outbox.publish, spool, Circuit()).make_durable,
        readiness=readiness or Readiness(is_ready, lambda: False, lambda: True),
        clock=lambda: NOW * 1_000_000,
        limits=Limits(
            **{"max_body_bytes": 1000, "strangers": 1, "patience_seconds": 0.01}
            | limits
        ),
        registry=registry or CollectorRegistry(),
    )


def with_token(token=TOKEN, **headers):
    """Headers of a delivery that carries a token."""
    given = {name.replace("_", "-"): value for name, value in headers.items()}
    return {"X-Gitlab-Token": token, **JSON, **given}


def signed(body, *, key=KEY, id_="msg-1", timestamp=NOW, **headers):
    """Headers of a delivery that is signed."""
    content = f"{id_}.{timestamp}.".encode() + body
    signature = base64.b64encode(hmac.digest(key, content, "sha256")).decode()
    return {
        "webhook-id": id_,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": f"v1,{signature}",
        **JSON,
        **headers,
    }


def post_stream(app, path, stream, length, headers):
    """The answer to a request whose body comes from `stream`."""
    builder = EnvironBuilder(path, method="POST", headers=headers)
    environ = builder.get_environ()
    builder.close()
    environ |= {"wsgi.input": stream, "CONTENT_LENGTH": str(length)}
    return Response(*run_wsgi_app(app, environ, buffered=True))


def is_receipt(text):
    """Whether it is 8 hexadecimal digits, a dot, and a number from 1 on."""
    return re.fullmatch(r"[0-9a-f]{8}\.[1-9][0-9]*", text) is not None
