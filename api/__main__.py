"""Run the API: `python -m api`."""

import os
import sys
from collections.abc import Mapping

import structlog

from api import server
from api.keyring import Keyring
from broker import addresses
from config import listening, logs, settings
from config.listening import CannotListen
from config.settings import Settings, SettingsError
from handlers import registry
from schemas.errors import ForgewireError
from state import client

_log = structlog.stdlib.get_logger("api")

#: What the shell is told when the settings, not the program, are to be mended.
WRONG_SETTINGS = 2


def main(environ: Mapping[str, str]) -> int:
    """Answer until told to stop; return the exit code."""
    try:
        found = settings.load(environ)
        host = _checked(found)
    except (ForgewireError, SettingsError, CannotListen) as exc:
        sys.stderr.write(f"{exc}\n")
        return WRONG_SETTINGS
    logs.configure(found.log_level, found.log_format, trusted=(ForgewireError,))
    logs.log_uncaught("api")
    for name in settings.unknown(environ):
        _log.warning("unknown-setting", name=name)
    server.serve(found, host)
    return 0


def _checked(found: Settings) -> str:
    """Return where to listen; raise what says why these settings cannot work."""
    Keyring(found.access.jwt_keys_path)
    client.check(found.mongodb_url)
    addresses.parse(found.amqp_url, name=server.NAME)
    registry.load(found.handler_packages)
    return listening.resolved(found.api_bind, "FORGEWIRE_API_BIND")


if __name__ == "__main__":
    sys.exit(main(os.environ))
