"""Ask the Git host, the issuer and the upstream: the one HTTP client of the API."""

import json
import socket
import ssl
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any

import requests
from requests.utils import DEFAULT_CA_BUNDLE_PATH
from urllib3.exceptions import HTTPError, ReadTimeoutError

from api.addresses import Resolver, connect
from api.unanswered import Away, NoAnswer, TimedOut
from api.wire import Adapter, Deadline

#: To connect to one address; between two pieces of an answer; for all of it.
CONNECT_SECONDS, READ_SECONDS, TOTAL_SECONDS = 3.0, 10.0, 15.0
MAX_BYTES = 1 << 20
_PIECE = 1 << 16
#: Not packed: what is packed can be far larger than it looks.
_ALWAYS = {
    "User-Agent": "forgewire",
    "Accept": "application/json",
    "Accept-Encoding": "identity",
}


@dataclass(frozen=True, slots=True, repr=False)
class Reply:
    """What a server said; redirects are not followed."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    def object(self) -> dict[str, Any]:
        """Return the JSON object that it holds; raise Away if it holds none."""
        try:
            found = json.loads(self.body)
        except (ValueError, RecursionError):
            # The message quotes the answer.
            raise Away("its answer is no JSON") from None
        if not isinstance(found, dict):
            raise Away("its answer is no JSON object")
        return found


class Client:
    """Asks servers; safe to share among threads, and keeps no cookies.

    Proxies and passwords of the environment are not used. Certificates are verified by
    the system's authorities (`SSL_CERT_FILE`) and those that Python brings. No message
    of an error holds a URL, a header or a piece of an answer.
    """

    def __init__(
        self,
        *,
        allow_private: bool,
        total_seconds: float = TOTAL_SECONDS,
        resolve: Resolver = socket.getaddrinfo,
    ) -> None:
        self._connect = partial(
            connect,
            resolve=resolve,
            allow_private=allow_private,
            seconds=CONNECT_SECONDS,
        )
        self._total_seconds = total_seconds
        self._tls = ssl.create_default_context()
        self._tls.load_verify_locations(DEFAULT_CA_BUNDLE_PATH)

    def get(self, url: str, headers: Mapping[str, str] | None = None) -> Reply:
        """Return what is at `url`; raise PrivateAddress, Away or TimedOut."""
        return self._send("GET", url, headers or {})

    def post(
        self,
        url: str,
        headers: Mapping[str, str] | None = None,
        *,
        form: Mapping[str, str] | None = None,
    ) -> Reply:
        """Return the answer to a form, or to nothing; raise as `get`."""
        return self._send("POST", url, headers or {}, form)

    def _send(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str],
        form: Mapping[str, str] | None = None,
    ) -> Reply:
        with _deadline(self._total_seconds) as deadline, _Session() as session:
            adapter = Adapter(lambda *to: self._open(deadline, *to), self._tls)
            session.mount("http://", adapter)
            session.mount("https://", adapter)
            answer = session.request(
                method,
                url,
                headers=_ALWAYS | dict(headers),
                data=form,
                timeout=(CONNECT_SECONDS, READ_SECONDS),
                allow_redirects=False,
                stream=True,
            )
            return Reply(answer.status_code, answer.headers, _body(answer))

    def _open(self, deadline: Deadline, host: str, port: int) -> socket.socket:
        made = self._connect(host, port)
        deadline.watch(made)
        return made


class _Session(requests.Session):
    def __init__(self) -> None:
        super().__init__()
        self.trust_env = False
        self.headers.clear()

    def get_redirect_target(self, _: Any) -> None:
        # It reads all of an answer that redirects, even if it is not to be followed.
        return None


def _body(answer: requests.Response) -> bytes:
    """Return the body; raise Away if it is too long or packed."""
    if answer.headers.get("Content-Encoding", "identity") != "identity":
        raise Away("its answer is packed")
    body = bytearray()
    while piece := answer.raw.read1(_PIECE, decode_content=False):
        body += piece
        if len(body) > MAX_BYTES:
            raise Away("its answer is too long")
    return bytes(body)


@contextmanager
def _deadline(seconds: float) -> Iterator[Deadline]:
    """Bound what is asked within, and translate what goes wrong there."""
    deadline = Deadline(seconds)
    try:
        yield deadline
        if deadline.is_over:
            raise TimedOut("no whole answer in time")
    except NoAnswer:
        raise
    except (requests.Timeout, ReadTimeoutError, TimeoutError):
        raise TimedOut("no answer in time") from None
    except (requests.RequestException, HTTPError, OSError, ValueError) as exc:
        # Their messages hold the URL. A connection that the deadline ends looks broken.
        if deadline.is_over:
            raise TimedOut("no whole answer in time") from None
        raise Away(f"no answer: {type(exc).__name__}") from None
    finally:
        deadline.close()
