"""Put together where people sign in, as the settings say."""

from collections.abc import Mapping
from typing import Protocol

from api.login.gitlab import GitLab
from api.login.oidc import Oidc
from api.login.person import Person
from api.outgoing import Client as Http
from config.access import Access
from state.sign_ins import SignIn


class Provider(Protocol):
    """Where people sign in."""

    name: str

    def authorization_url(self, sign_in: SignIn, state: str) -> str:
        """Return where to send the browser; raise NoAnswer."""

    def person(self, code: str, sign_in: SignIn) -> Person:
        """Return who brought the code; raise NotVouchedFor or NoAnswer."""

    def end_session_url(self, back_to: str) -> str | None:
        """Return where the session there is ended; None if nowhere."""


def configured(access: Access, http: Http) -> Mapping[str, Provider]:
    """Return the providers that are set up, by name."""
    found: list[Provider] = []
    if access.gitlab:
        found.append(GitLab(access.gitlab, http))
    if access.oidc:
        found.append(Oidc(access.oidc, access, http))
    return {provider.name: provider for provider in found}
