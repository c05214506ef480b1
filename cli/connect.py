"""Find the servers that a command talks to: by the environment, or a running stack."""

import json
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import wraps
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

import click

from config.settings import Settings, SettingsError, load
from schemas.errors import ForgewireError, Unavailable
from state.client import connect
from state.documents import Db

P = ParamSpec("P")
T = TypeVar("T")

#: What `forgewire up` writes down, and the variable that it stands for.
_FOUND = {"amqp_url": "FORGEWIRE_AMQP_URL", "mongodb_url": "FORGEWIRE_MONGODB_URL"}


def environment(environ: Mapping[str, str] | None = None) -> dict[str, str]:
    """Return the environment, with the servers of a `forgewire up` that runs here.

    What is set explicitly goes first.
    """
    found = dict(os.environ if environ is None else environ)
    for key, value in running_stack(found).items():
        variable = _FOUND.get(key)
        if variable and not found.get(variable) and not found.get(f"{variable}_FILE"):
            found[variable] = value
    return found


def running_stack(environ: Mapping[str, str]) -> dict[str, Any]:
    """Return what a `forgewire up` in FORGEWIRE_DATA_DIR wrote down, or nothing."""
    file = Path(environ.get("FORGEWIRE_DATA_DIR") or "var") / "endpoints.json"
    try:
        return dict(json.loads(file.read_text()))
    except (OSError, ValueError):
        return {}


def settings() -> Settings:
    """Return the settings; raise ClickException if one is wrong."""
    try:
        return load(environment())
    except SettingsError as exc:
        raise click.ClickException(str(exc)) from exc


@contextmanager
def database(name: str = "forgewire cli") -> Iterator[Db]:
    """Yield the state's database."""
    db = connect(settings().mongodb_url, name=name)
    try:
        yield db
    finally:
        db.client.close()


def explains(command: Callable[P, T]) -> Callable[P, T]:
    """Make our errors one clear line with what to look at, and exit code 1."""

    @wraps(command)
    def run(*args: P.args, **kwargs: P.kwargs) -> T:
        try:
            return command(*args, **kwargs)
        except Unavailable as exc:
            raise click.ClickException(
                f"{exc}. Is it running? Look at FORGEWIRE_AMQP_URL and "
                "FORGEWIRE_MONGODB_URL, or start everything with `forgewire up`."
            ) from exc
        except ForgewireError as exc:
            raise click.ClickException(str(exc)) from exc

    return run
