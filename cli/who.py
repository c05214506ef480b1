"""Find whom a command is about, and say who gives it."""

import getpass
import os
import re

import click

from state.accounts import SERVICE
from state.documents import Db, key
from state.usernames import called

_PROGRAM = re.compile(r"[a-z0-9][a-z0-9._-]{0,62}")


def subject(db: Db, who: str, source: str) -> str:
    """Return the subject that `who` means; raise ClickException if there is none."""
    if who.startswith(SERVICE):
        return program(who.removeprefix(SERVICE))
    if ":" in who:
        return who
    if who.isascii() and who.isdecimal():
        return key(source, int(who))
    found = called(db, who)
    if not found:
        raise click.ClickException(f"no active user is called {who}")
    if len(found) > 1:
        listed = " and ".join(found)
        raise click.ClickException(f"several are called {who}: {listed}; name one")
    return found[0]


def program(name: str) -> str:
    """Return the subject of a program; raise BadParameter if it cannot be a name."""
    if not _PROGRAM.fullmatch(name):
        raise click.BadParameter(
            f"{name!r} is no name of a program: up to 63 of a-z, 0-9, '.', '_', '-'"
        )
    return f"{SERVICE}{name}"


def operator() -> str:
    """Return who runs this command, for the record."""
    try:
        return f"cli:{getpass.getuser()}"
    except (KeyError, OSError):
        return f"cli:{os.getuid()}"
