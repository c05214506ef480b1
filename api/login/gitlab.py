"""Sign in at GitLab by OAuth: who it is, GitLab's API says."""

from http import HTTPStatus

from api.login import oauth
from api.login.person import Person
from api.outgoing import Client as Http
from api.unanswered import Away
from config.access import Client
from config.settings import DEFAULT_SOURCE
from state.sign_ins import SignIn

#: Enough to ask who it is.
SCOPE = "read_user"
_REFUSED = {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN}


class GitLab:
    """The Git host as a place to sign in."""

    name = "gitlab"

    def __init__(self, client: Client, http: Http) -> None:
        self._client = client
        self._http = http

    def authorization_url(self, sign_in: SignIn, state: str) -> str:
        """Return where to send the browser."""
        endpoint = f"{self._client.url}/oauth/authorize"
        return oauth.authorization_url(
            endpoint, self._client, sign_in, state, scope=SCOPE
        )

    def person(self, code: str, sign_in: SignIn) -> Person:
        """Return who brought the code; raise NotVouchedFor or NoAnswer."""
        endpoint = f"{self._client.url}/oauth/token"
        told = oauth.exchange(
            self._http, endpoint, self._client, sign_in, code, secret_in_body=True
        )
        # The access token is used here, this once, and forgotten.
        reply = self._http.get(f"{self._client.url}/api/v4/user", oauth.bearer(told))
        if reply.status in _REFUSED:
            raise oauth.NotVouchedFor(f"/api/v4/user answered {reply.status}")
        user = reply.object() if reply.status == HTTPStatus.OK else {}
        user_id = user.get("id")
        if type(user_id) is not int:
            raise Away(f"/api/v4/user answered {reply.status} and no user")
        if user.get("state") != "active":
            raise oauth.NotVouchedFor("the host knows a user who is not active")
        return Person(subject=f"{DEFAULT_SOURCE}:{user_id}")

    def end_session_url(self, _: str) -> str | None:
        """Return None: GitLab has no URL that ends a session."""
        return None
