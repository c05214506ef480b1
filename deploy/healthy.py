"""Exit 0 if the process in this container answers /healthz: Docker's HEALTHCHECK."""

import os
import sys
import urllib.request
from collections.abc import Mapping

from config.settings import Bind, load

TIMEOUT_SECONDS = 3
#: Addresses to listen on that no client can connect to everywhere.
LOOPBACK = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - to avoid them


def main(environ: Mapping[str, str]) -> int:
    """Return 0 if any address of the settings answers: a container runs one process."""
    settings = load(environ)
    binds = (
        settings.ingest_bind,
        settings.worker_bind,
        settings.api_bind,
        settings.reactor_bind,
    )
    return 0 if any(_answers(bind) for bind in binds) else 1


def _answers(bind: Bind) -> bool:
    near = Bind(LOOPBACK.get(bind.host, bind.host), bind.port)
    try:
        with urllib.request.urlopen(f"http://{near}/healthz", timeout=TIMEOUT_SECONDS):
            return True
    except OSError:
        return False


if __name__ == "__main__":
    sys.exit(main(os.environ))
