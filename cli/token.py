"""`forgewire token`: hand out tokens of the API, look at one, and revoke them."""

import sys
import time
from datetime import UTC, datetime
from itertools import islice
from typing import Any, TextIO

import click

from api import services
from api.keyring import Keyring
from api.tokens import Fresh
from cli import connect, examined, minting, who
from cli.books import open_books
from cli.options import examples, json_option, source_option
from cli.output import print_fields, print_json, print_table
from config.access import MAX_TOKEN_SECONDS, ROLES
from state.issued import Issued

user_option = click.option(
    "--user", "user", metavar="WHO", help="A subject, a user id, or a username."
)


@click.group("token")
def group() -> None:
    """Look after the tokens of the API: JWTs that live for an hour at most.

    The API looks at each request whether the token was revoked, and what its subject
    may do by now.
    """


@group.command(
    "mint",
    epilog=examples(
        "forgewire token mint --user ada",
        "forgewire token mint --service reports --role viewer",
        'curl -H "Authorization: Bearer $(forgewire token mint --user 41)" \\',
        "    http://127.0.0.1:8081/api/v1/me",
    ),
)
@user_option
@click.option("--service", metavar="NAME", help="A program; its first token makes it.")
@click.option(
    "--role", type=click.Choice(ROLES), help="Of the token; default: all they may."
)
@click.option(
    "--seconds",
    type=click.IntRange(1, MAX_TOKEN_SECONDS),
    metavar="N",
    help="How long it lives; default: FORGEWIRE_TOKEN_SECONDS.",
)
@source_option
@json_option
def mint(*, as_json: bool, **given: Any) -> None:
    """Print a fresh token, for a person or a program, and nothing else.

    It needs the keys and the settings of the API: FORGEWIRE_PUBLIC_URL is the issuer.
    A token has no higher role than its subject: see `forgewire user set-role`. Exits 1
    if the subject may do nothing, or less than asked.
    """
    fresh = minting.mint(minting.Wanted(**given))
    if as_json:
        print_json(_fresh(fresh))
    else:
        click.echo(fresh.token)


@group.command(
    "verify",
    epilog=examples(
        "forgewire token verify token.txt",
        "forgewire token mint --user ada | forgewire token verify",
    ),
)
@click.argument("file", type=click.File("r", errors="replace"), default="-")
@json_option
def verify(*, file: TextIO, as_json: bool) -> None:
    """Say what a token claims, and whether it is good now; if not, why.

    It is read from FILE or standard input: what is typed into a command line is kept
    in the shell's history. Exits 1 if it is not good. What it claims is shown only if
    we signed it.
    """
    token = examined.read(file)
    settings = connect.settings()
    keyring = Keyring(settings.access.jwt_keys_path, time.time)
    with connect.database(settings.mongodb_url) as db:
        made = services.assemble(settings, db, keyring, lambda: datetime.now(UTC))
        found = examined.examine(made.tokens, token)
    if as_json:
        print_json(found)
    else:
        fields = {name: it for name, it in found.items() if name != "claims"}
        print_fields("good" if found["good"] else "not good", fields | found["claims"])
    sys.exit(0 if found["good"] else 1)


@group.command(
    "revoke",
    epilog=examples(
        "forgewire token revoke 0b2c6f0e-5f1d-4f0c-9d3e-6a4b8f0f2a11",
        "forgewire token revoke --user ada",
        "forgewire token revoke --user service:reports",
    ),
)
@click.argument("jti", required=False)
@user_option
@source_option
@json_option
def revoke(*, jti: str | None, user: str | None, source: str, as_json: bool) -> None:
    """Revoke one token, by its claim `jti`, or all of one subject.

    It counts from the next request on. The subject can get new ones: to prevent that,
    `forgewire user deactivate`. Exits 1 if there was no such token that was good.
    """
    if bool(jti) == bool(user):
        raise click.UsageError("name either a token's JTI, or --user")
    with open_books() as books:
        subject = who.subject(books.db, user, source) if user else ""
        number = books.issued.revoke(
            at=datetime.now(UTC), jti=jti or "", subject=subject
        )
    if as_json:
        print_json({"revoked": number})
    else:
        click.echo(f"tokens revoked: {number}")
    sys.exit(0 if number else 1)


@group.command(
    "list",
    epilog=examples("forgewire token list", "forgewire token list --user ada --json"),
)
@user_option
@source_option
@click.option(
    "--limit",
    type=click.IntRange(min=1),
    default=1_000,
    show_default=True,
    help="List no more than so many.",
)
@json_option
def list_(*, user: str | None, source: str, limit: int, as_json: bool) -> None:
    """List the tokens that are good, the youngest first.

    The tokens themselves are kept nowhere.
    """
    with open_books() as books:
        subject = who.subject(books.db, user, source) if user else ""
        live = books.good_tokens(datetime.now(UTC), subject)
        found = [_told(issued) for issued in islice(live, limit)]
    if as_json:
        print_json(found)
    elif found:
        rows = [list(one.values()) for one in found]
        print_table(list(found[0]), rows, whole=("jti",))
    else:
        click.echo("there are none")
    if len(found) == limit:
        click.echo(f"{limit} or more: see --limit", err=True)


def _fresh(fresh: Fresh) -> dict[str, Any]:
    return {
        "access_token": fresh.token,
        "expires_in": fresh.expires_in,
        "created_at": fresh.created_at,
        **_told(fresh.issued),
    }


def _told(issued: Issued) -> dict[str, Any]:
    return {
        "jti": issued.jti,
        "subject": issued.subject,
        "role": ", ".join(issued.roles),
        "kind": issued.kind,
        "issued_at": issued.issued_at,
        "expires_at": issued.expires_at,
    }
