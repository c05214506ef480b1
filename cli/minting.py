"""Issue a token to whom an operator names."""

import time
from dataclasses import dataclass
from datetime import UTC, datetime

import click

from api import services
from api.keyring import Keyring
from api.services import Services
from api.tokens import Fresh
from cli import connect, who
from state.standing import UNKNOWN, Standing, rank

#: How tokens came to be that operators hand out.
KIND = "mint"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What is asked for: a token for a user or for a service."""

    user: str | None
    service: str | None
    role: str | None
    seconds: int | None
    source: str


def mint(wanted: Wanted) -> Fresh:
    """Return a fresh token; raise ClickException, which says why there is none."""
    if bool(wanted.user) == bool(wanted.service):
        raise click.UsageError("name either --user or --service")
    settings = connect.settings()
    # Before the database is asked: without keys there is nothing to be done.
    keyring = Keyring(settings.access.jwt_keys_path, time.time)
    with connect.database(settings.mongodb_url) as db:
        made = services.assemble(settings, db, keyring, lambda: datetime.now(UTC))
        standing = _standing(made, wanted)
        return made.tokens.issue(standing, KIND, wanted.seconds, role=wanted.role)


def _standing(made: Services, wanted: Wanted) -> Standing:
    """Return a standing with the role that is wanted, or with more."""
    if wanted.service:
        subject = who.program(wanted.service)
        _introduce(made, subject, wanted.role)
    else:
        subject = who.subject(made.db, wanted.user or "", wanted.source)
    standing = made.accounts.standing(subject)
    if standing.role is None:
        raise click.ClickException(f"{subject} gets no token: {standing.why_not}")
    if rank(wanted.role) > rank(standing.role):
        raise click.ClickException(
            f"{subject} is {standing.role} and gets no token as {wanted.role}; "
            f"first: forgewire user set-role {subject} {wanted.role}"
        )
    return standing


def _introduce(made: Services, subject: str, role: str | None) -> None:
    """Make a program known that is not, if it is said as what."""
    if made.accounts.standing(subject).why_not != UNKNOWN:
        return
    if role is None:
        raise click.ClickException(f"{subject} is not known yet: give it a --role")
    made.accounts.set_role(subject, role, by=who.operator(), at=datetime.now(UTC))
