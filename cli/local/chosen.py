"""Choose what a stack needs and nobody set: where to listen, token, issuer, keys."""

import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from api import keyring
from cli.local import private, roles
from cli.local.process import CannotRun
from cli.local.roles import Role
from config.settings import Settings, load

DATA_DIR = "FORGEWIRE_DATA_DIR"
TOKENS = "FORGEWIRE_GITLAB_TOKENS"
PUBLIC_URL = "FORGEWIRE_PUBLIC_URL"
KEYS = "FORGEWIRE_JWT_KEYS_PATH"
KEY_ALGORITHM = "ES256"


def complete(
    environ: Mapping[str, str],
    folder: Path,
    running: Sequence[Role],
    say: Callable[[str], None],
) -> dict[str, str]:
    """Return `environ` with all that the processes in `folder` need.

    Raise CannotRun if a port that was set is taken, BadKeys if no keys can be made.
    """
    found = {**environ, DATA_DIR: str(folder)}
    found.pop(f"{DATA_DIR}_FILE", None)
    if not roles.is_given(found, TOKENS):
        found[TOKENS] = private.token(folder / "token")
    settings = load(found)
    for role in running:
        bind = roles.place(role, found, settings, say)
        if not roles.is_given(found, role.variable):
            found[role.variable] = str(bind)
    return _with_tokens(found, load(found))


def folder(path: Path) -> Path:
    """Return the data folder, made if missing; raise CannotRun if it cannot be."""
    # What is kept there names people, so it is nobody else's to read.
    try:
        path.mkdir(parents=True, exist_ok=True)
        path.chmod(0o700)
    except OSError as error:
        raise CannotRun(f"{DATA_DIR}: {path}: {error.strerror}") from error
    return path.resolve()


def _with_tokens(found: dict[str, str], settings: Settings) -> dict[str, str]:
    keys = settings.access.jwt_keys_path
    if not roles.is_given(found, KEYS) and not keys.exists():
        keyring.generate(keys, KEY_ALGORITHM, time.time())
    if roles.is_given(found, PUBLIC_URL):
        return found
    # Commands that mint tokens are to name the issuer that the API expects.
    return {**found, PUBLIC_URL: roles.url(settings.api_bind)}
