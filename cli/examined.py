"""Read a token that somebody holds, and say what is right and wrong with it."""

from typing import Any, TextIO

import click

from api.claims import MAX_TOKEN_CHARS
from api.tokens import NotAuthenticated, Tokens


def read(file: TextIO) -> str:
    """Return the token in `file`, which may be a terminal; "Bearer" may precede it."""
    if file.isatty():
        text = click.prompt("Token", hide_input=True, err=True)
    else:
        text = file.read(2 * MAX_TOKEN_CHARS)
    return str(text).strip().removeprefix("Bearer ").strip()


def examine(tokens: Tokens, token: str) -> dict[str, Any]:
    """Return whether it is good, if not why, what it may do now, and its claims.

    Claims are empty if we did not sign it, or it has expired.
    """
    found: dict[str, Any] = {"good": False, "why_not": None, "role_now": None}
    claims: dict[str, Any] = {}
    try:
        claims = tokens.read(token)
        found |= {"role_now": tokens.identify(token).role, "good": True}
    except NotAuthenticated as exc:
        found["why_not"] = str(exc)
    return {**found, "claims": claims}
