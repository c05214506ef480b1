"""Have another instance issue the token, as whom we are there and nobody else."""

from dataclasses import dataclass, field

from api.outgoing import Client
from api.unanswered import Away

#: Where an instance takes tokens, as GitLab did.
PATH = "/api/v4/code_suggestions/tokens"
#: Who is asked by a relay must not relay in turn.
MARK = "X-Forgewire-Relay"

_PROBLEM = "application/problem+json"
_FIRST_ANSWER, _REDIRECTS = 200, range(300, 400)


@dataclass(frozen=True, slots=True)
class Relayed:
    """What the upstream said: a JSON object of that media type."""

    status: int
    body: bytes = field(repr=False)
    media_type: str


class Relay:
    """The upstream, and the one token that it takes from us."""

    def __init__(self, http: Client, url: str, token: str) -> None:
        self._http = http
        self._url = url
        self._token = token

    def ask(self) -> Relayed:
        """Return what the upstream answers; raise NoAnswer if that is of no use.

        What is sent is the same for every caller, so nothing of one can get out.
        """
        headers = {
            "Authorization": f"Bearer {self._token}",
            "Content-Type": "application/json",
            MARK: "1",
        }
        reply = self._http.post(f"{self._url}{PATH}", headers)
        if reply.status < _FIRST_ANSWER or reply.status in _REDIRECTS:
            raise Away(f"the upstream answered {reply.status}")
        reply.object()
        is_problem = reply.headers.get("Content-Type", "").startswith(_PROBLEM)
        kind = _PROBLEM if is_problem else "application/json"
        return Relayed(reply.status, reply.body, kind)
