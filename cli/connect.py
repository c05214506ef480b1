"""Find the servers that a command talks to: by the environment, or a running stack."""

import json
import os
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from broker import addresses
from cli.local.roles import is_given
from config.settings import Settings, load
from state.client import connect, translated
from state.documents import Db

AMQP_URL = "FORGEWIRE_AMQP_URL"
MONGODB_URL = "FORGEWIRE_MONGODB_URL"
PUBLIC_URL = "FORGEWIRE_PUBLIC_URL"
TOKENS = "FORGEWIRE_GITLAB_TOKENS"

#: What `forgewire up` writes down, by the variable that it stands for.
_WRITTEN_DOWN = {
    AMQP_URL: "amqp_url",
    MONGODB_URL: "mongodb_url",
    PUBLIC_URL: "public_url",
}


def environment(environ: Mapping[str, str]) -> dict[str, str]:
    """Return `environ`, with servers and token of the `forgewire up` that runs here.

    What is set goes first.
    """
    told = running_stack(environ)
    found = {
        variable: str(told[key])
        for variable, key in _WRITTEN_DOWN.items()
        if key in told and not is_given(environ, variable)
    }
    token = _folder(environ) / "token"
    if told and token.is_file() and not is_given(environ, TOKENS):
        found[f"{TOKENS}_FILE"] = str(token)
    return {**environ, **found}


def running_stack(environ: Mapping[str, str]) -> dict[str, Any]:
    """Return what a `forgewire up` in FORGEWIRE_DATA_DIR wrote down, or nothing."""
    try:
        return dict(json.loads(_endpoints(environ).read_text()))
    except (OSError, ValueError, TypeError):
        return {}


def settings() -> Settings:
    """Return the settings; raise SettingsError if one is wrong."""
    return load(environment(os.environ))


@contextmanager
def database(url: str) -> Iterator[Db]:
    """Yield the state's database, and translate the errors of the block.

    Raise BadAddress if `url` is of no use.
    """
    db = connect(url, name="forgewire cli")
    with closing(db.client), translated():
        yield db


def origin(variable: str, environ: Mapping[str, str]) -> str:
    """Return why the server that `variable` names was asked, and what to do next."""
    if is_given(environ, variable):
        return f"{variable} names it: is that right, and does the server run?"
    if _WRITTEN_DOWN[variable] in running_stack(environ):
        file = _endpoints(environ)
        return f"{file} names it: does the `forgewire up` that wrote it still run?"
    return (
        f"It was asked by default: set {variable}, or run this in the folder of a "
        "running `forgewire up`."
    )


def amqp_address(url: str) -> str:
    """Return where the AMQP URL leads, without user and password."""
    parameters = addresses.parse(url, name="forgewire cli")
    return ", ".join(addresses.label(one) for one in parameters)


def mongodb_address(url: str) -> str:
    """Return where the MongoDB URL leads, without user, password and options."""
    return url.partition("://")[2].rpartition("@")[2].partition("?")[0]


def _endpoints(environ: Mapping[str, str]) -> Path:
    return _folder(environ) / "endpoints.json"


def _folder(environ: Mapping[str, str]) -> Path:
    return Path(environ.get("FORGEWIRE_DATA_DIR", "").strip() or "var")
