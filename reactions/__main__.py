"""Run a reactor: `python -m reactions`; everything is set by the environment."""

import sys

from config import running
from health.server import CannotListen
from reactions import process
from schemas.errors import ForgewireError


def main() -> int:
    """Run until SIGTERM or SIGINT; return the exit code."""
    return running.run(
        "reactor",
        process.serve,
        (ForgewireError, CannotListen),
        trusted=(ForgewireError,),
    )


if __name__ == "__main__":
    sys.exit(main())
