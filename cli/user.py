"""`forgewire user`: see and decide who may do what."""

from dataclasses import asdict
from datetime import UTC, datetime
from itertools import islice

import click

from cli import who
from cli.books import open_books, told, unknown
from cli.options import examples, json_option, source_option
from cli.output import print_fields, print_json, print_table, visible
from config.access import ROLES
from state.accounts import SERVICE, Standing
from state.roster import Listed
from state.standing import NOT_LISTED, UNKNOWN

#: What takes back a decision.
DEFAULT = "default"


@click.group("user")
def group() -> None:
    """Decide who may do what: viewer, operator, admin; each may what those before may.

    The users that the Git host told of are the allow-list: who is unknown, deleted or
    not in the team may do nothing. All others have FORGEWIRE_DEFAULT_ROLE until
    somebody decides otherwise. A decision counts from the next request on.
    """


@group.command(
    "list",
    epilog=examples(
        "forgewire user list",
        "forgewire user list --role admin",
        "forgewire user list --all --json",
    ),
)
@click.option("--all", "everyone", is_flag=True, help="Everyone who may sign in, too.")
@click.option("--role", type=click.Choice(ROLES), help="Only those with that role now.")
@click.option(
    "--limit",
    type=click.IntRange(min=1),
    default=1_000,
    show_default=True,
    help="List no more than so many.",
)
@json_option
def list_(*, everyone: bool, role: str | None, limit: int, as_json: bool) -> None:
    """List people and programs of whom something was decided."""
    with open_books() as books:
        listed = books.roster.everyone() if everyone else books.roster.decided()
        chosen = (it for it in listed if role in (None, it.standing.role))
        found = [told(it) for it in islice(chosen, limit)]
    if as_json:
        print_json(found)
    elif found:
        columns = ("subject", "username", "role", "standing", "by", "at")
        rows = [[it[column] for column in columns] for it in found]
        print_table(columns, rows, whole=("subject", "username"))
    else:
        click.echo("there are none")
    if len(found) == limit:
        click.echo(f"{limit} or more: see --limit", err=True)


@group.command(
    "show", epilog=examples("forgewire user show ada", "forgewire user show gitlab:41")
)
@click.argument("who_", metavar="WHO")
@source_option
@json_option
def show(*, who_: str, source: str, as_json: bool) -> None:
    """Show what somebody may do, who decided it, and which tokens are good.

    WHO is a subject (gitlab:41, service:reports), a user id at the host, or a username.
    Exits 1 if nobody told of them.
    """
    with open_books() as books:
        subject = who.subject(books.db, who_, source)
        found = books.roster.one(subject)
        tokens = list(books.good_tokens(datetime.now(UTC), subject))
    if found.standing.why_not == UNKNOWN and found.by is None:
        raise click.ClickException(unknown(subject))
    shown = told(found)
    if as_json:
        print_json({**shown, "tokens": [asdict(token) for token in tokens]})
        return
    title = shown.pop("subject")
    print_fields(title, {**shown, "good_tokens": len(tokens)})


@group.command(
    "set-role",
    epilog=examples(
        "forgewire user set-role ada admin",
        "forgewire user set-role 41 operator --source gitlab-eu",
        "forgewire user set-role service:reports viewer",
    ),
)
@click.argument("who_", metavar="WHO")
@click.argument("role", type=click.Choice([*ROLES, DEFAULT]))
@source_option
@json_option
def set_role(*, who_: str, role: str, source: str, as_json: bool) -> None:
    """Give a role, and switch the account on if it was off.

    WHO is a subject (gitlab:41, service:reports), a user id at the host, or a username.
    A program becomes known by its first role. What you decide stands against claims of
    an OIDC issuer; "default" takes it back. Tokens with a higher role are revoked.
    Exits 1 if WHO is unknown, deleted or not in the team.
    """
    with open_books() as books:
        subject = who.subject(books.db, who_, source)
        _require_listed(books.accounts.standing(subject), role)
        now = datetime.now(UTC)
        if role == DEFAULT:
            revoked = books.accounts.clear(subject, at=now)
        else:
            revoked = books.accounts.set_role(subject, role, by=who.operator(), at=now)
        found = books.roster.one(subject)
    _print_decided(found, revoked, as_json=as_json)


@group.command(
    "deactivate",
    epilog=examples(
        "forgewire user deactivate ada", "forgewire user deactivate service:reports"
    ),
)
@click.argument("who_", metavar="WHO")
@source_option
@json_option
def deactivate(*, who_: str, source: str, as_json: bool) -> None:
    """Switch an account off and revoke its tokens, until a role is given again.

    WHO is a subject (gitlab:41, service:reports), a user id at the host, or a username.
    Exits 1 if WHO is unknown.
    """
    with open_books() as books:
        subject = who.subject(books.db, who_, source)
        if books.accounts.standing(subject).why_not == UNKNOWN:
            raise click.ClickException(unknown(subject))
        now = datetime.now(UTC)
        revoked = books.accounts.deactivate(subject, by=who.operator(), at=now)
        found = books.roster.one(subject)
    _print_decided(found, revoked, as_json=as_json)


def _require_listed(standing: Standing, role: str) -> None:
    """Raise unless it makes sense to give that role."""
    subject, is_program = standing.subject, standing.subject.startswith(SERVICE)
    if is_program and role == DEFAULT:
        raise click.BadParameter("no role is the default for programs: deactivate it")
    if is_program:
        return
    if standing.why_not == UNKNOWN:
        raise click.ClickException(unknown(subject))
    if standing.why_not in NOT_LISTED:
        raise click.ClickException(
            f"{subject} is {standing.why_not}, so no role would count"
        )


def _print_decided(found: Listed, revoked: int, *, as_json: bool) -> None:
    if as_json:
        print_json({**told(found), "revoked_tokens": revoked})
        return
    standing = found.standing
    name = f" ({visible(standing.username)})" if standing.username else ""
    role = standing.role or f"without a role: {standing.why_not}"
    click.echo(f"{standing.subject}{name} is {role}; tokens revoked: {revoked}")
