"""Run a worker: `python -m workers`; everything is set by the environment."""

import sys

from config import running
from health.server import CannotListen
from schemas.errors import ForgewireError
from workers import process


def main() -> int:
    """Run until SIGTERM or SIGINT; return the exit code."""
    return running.run(
        "worker",
        process.serve,
        (ForgewireError, CannotListen),
        trusted=(ForgewireError,),
    )


if __name__ == "__main__":
    sys.exit(main())
