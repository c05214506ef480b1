"""Run the receiver: `python -m ingest`."""

import os
import sys
from collections.abc import Mapping

from broker.errors import BadAddress
from config import logs, settings
from config.settings import SettingsError
from ingest import server
from ingest.server import CannotListen
from schemas.errors import ForgewireError

#: What the shell is told when the settings, not the program, are to be mended.
WRONG_SETTINGS = 2


def main(environ: Mapping[str, str]) -> int:
    """Receive hooks until told to stop; return the exit code."""
    try:
        found = settings.load(environ)
        found.require_secrets()
        logs.configure(found.log_level, found.log_format, trusted=(ForgewireError,))
        server.serve(found)
    except (SettingsError, BadAddress, CannotListen) as exc:
        sys.stderr.write(f"{exc}\n")
        return WRONG_SETTINGS
    return 0


if __name__ == "__main__":
    sys.exit(main(os.environ))
