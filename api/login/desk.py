"""Sign people in: send them to a provider, and decide who comes back."""

import secrets
from collections.abc import Mapping
from datetime import timedelta

import structlog

from api import trail
from api.login import answers
from api.login.oauth import NotVouchedFor
from api.login.person import Person
from api.login.providers import Provider
from api.problems import Refused
from api.services import Services
from api.sessions import SIGN_IN_SECONDS
from api.tokens import Fresh
from api.unanswered import NoAnswer
from state.accounts import Standing
from state.sign_ins import SignIn, SignIns
from state.usernames import called

_log = structlog.stdlib.get_logger("api.login")

#: The browser comes back to us, or to a front end of somebody's own.
BROWSER, FRONT_END = "browser", "front-end"


class Desk:
    """Where sign-ins begin and end; safe to share among threads."""

    def __init__(self, services: Services, providers: Mapping[str, Provider]) -> None:
        self._services = services
        self._providers = providers
        self._sign_ins = SignIns(services.db)

    @property
    def names(self) -> list[str]:
        """The providers that are set up."""
        return list(self._providers)

    def begin(
        self, provider: str, flow: str, redirect_uri: str, browser: str, path: str = "/"
    ) -> str:
        """Return the URL where the browser signs in; raise Refused."""
        sign_in = SignIn(
            provider=provider,
            flow=flow,
            redirect_uri=redirect_uri,
            verifier=secrets.token_urlsafe(48),
            nonce=secrets.token_urlsafe(24),
            next=path,
        )
        state = secrets.token_urlsafe(32)
        try:
            url = self._provider(provider).authorization_url(sign_in, state)
        except NoAnswer as exc:
            raise _no_answer(provider, exc) from None
        expires_at = self._services.now() + timedelta(seconds=SIGN_IN_SECONDS)
        self._sign_ins.begin(
            sign_in, state=state, browser=browser, expires_at=expires_at
        )
        return url

    def end(
        self, provider: str, flow: str, browser: str, state: str, code: str
    ) -> tuple[Fresh, SignIn]:
        """Return a token for who comes back; raise Refused.

        An empty code means that the provider sent them back without one.
        """
        asked = self._provider(provider)
        sign_in = self._sign_ins.take(
            provider=provider,
            flow=flow,
            state=state,
            browser=browser,
            now=self._services.now(),
        )
        if sign_in is None:
            raise answers.not_begun()
        person = _person(asked, code, sign_in)
        fresh = self._services.tokens.issue(self._standing(person), "sign-in")
        _log.info(
            "signed-in",
            provider=provider,
            subject=fresh.issued.subject,
            jti=fresh.issued.jti,
        )
        return fresh, sign_in

    def check(self, provider: str) -> None:
        """Raise Refused if there is no such provider."""
        self._provider(provider)

    def end_session_url(self, provider: str | None, back_to: str) -> str | None:
        """Return where a session at the provider is ended; None if nowhere."""
        asked = self._providers.get(provider or "")
        return asked.end_session_url(back_to) if asked else None

    def _provider(self, name: str) -> Provider:
        if name not in self._providers:
            raise answers.no_provider()
        return self._providers[name]

    def _standing(self, person: Person) -> Standing:
        """Return a standing with a role; raise Refused if there is none."""
        accounts, subject = self._services.accounts, self._subject(person)
        standing = accounts.standing(subject)
        if person.gives_roles and standing.can_be_given_role:
            now = self._services.now()
            if accounts.follow_claim(subject, person.role, at=now):
                _log.info("role-by-claim", subject=subject, role=person.role)
                trail.subject(subject)
                trail.note(role=person.role)
            standing = accounts.standing(subject)
        if standing.role is None:
            _log.warning("not-signed-in", subject=subject, why=standing.why_not)
            raise answers.not_allowed()
        return standing

    def _subject(self, person: Person) -> str:
        if person.subject:
            return person.subject
        name = person.username
        found = called(self._services.db, name) if name else []
        if len(found) != 1:
            why = "several have that name" if found else "unknown"
            _log.warning("not-signed-in", why=why)
            raise answers.not_allowed()
        return found[0]


def _person(provider: Provider, code: str, sign_in: SignIn) -> Person:
    if not code:
        _log.warning("not-signed-in", provider=sign_in.provider, why="no code")
        raise answers.not_authenticated()
    try:
        return provider.person(code, sign_in)
    except NotVouchedFor as exc:
        _log.warning("not-signed-in", provider=sign_in.provider, why=str(exc))
        raise answers.not_authenticated() from None
    except NoAnswer as exc:
        raise _no_answer(sign_in.provider, exc) from None


def _no_answer(provider: str, error: NoAnswer) -> Refused:
    _log.warning("provider-away", provider=provider, why=str(error))
    return answers.no_answer(error)
