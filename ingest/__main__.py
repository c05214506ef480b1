"""Run the receiver: `python -m ingest`."""

import os
import sys
from collections.abc import Mapping

import structlog

from broker import addresses
from broker.errors import BadAddress
from config import listening, logs, settings
from config.listening import CannotListen
from config.settings import SettingsError
from ingest import server
from schemas.errors import ForgewireError

_log = structlog.stdlib.get_logger("ingest")

#: What the shell is told when the settings, not the program, are to be mended.
WRONG_SETTINGS = 2


def main(environ: Mapping[str, str]) -> int:
    """Receive hooks until told to stop; return the exit code."""
    try:
        found = settings.load(environ)
        found.require_secrets()
        addresses.parse(found.amqp_url, name=server.NAME)
        host = listening.resolved(found.ingest_bind, "FORGEWIRE_INGEST_BIND")
    except (SettingsError, BadAddress, CannotListen) as exc:
        sys.stderr.write(f"{exc}\n")
        return WRONG_SETTINGS
    logs.configure(found.log_level, found.log_format, trusted=(ForgewireError,))
    logs.log_uncaught("ingest")
    for name in settings.unknown(environ):
        _log.warning("unknown-setting", name=name)
    server.serve(found, host)
    return 0


if __name__ == "__main__":
    sys.exit(main(os.environ))
