"""Run the API: `python -m api`."""

import os
import sys
from collections.abc import Mapping

import structlog

from api import server
from api.keyring import BadKeys
from config import logs, settings
from config.settings import SettingsError
from schemas.errors import ForgewireError
from state.client import BadAddress

_log = structlog.stdlib.get_logger("api")

#: What the shell is told when the settings, not the program, are to be mended.
WRONG_SETTINGS = 2


def main(environ: Mapping[str, str]) -> int:
    """Answer until told to stop; return the exit code."""
    try:
        found = settings.load(environ)
        logs.configure(found.log_level, found.log_format, trusted=(ForgewireError,))
        logs.log_uncaught("api")
        for name in settings.unknown(environ):
            _log.warning("unknown-setting", name=name)
        server.serve(found)
    except (SettingsError, BadAddress, BadKeys) as exc:
        sys.stderr.write(f"{exc}\n")
        return WRONG_SETTINGS
    return 0


if __name__ == "__main__":
    sys.exit(main(os.environ))
