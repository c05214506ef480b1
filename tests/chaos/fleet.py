"""Our own processes, which can be killed, held and started again."""

import os
import sys
from pathlib import Path

from cli.local import endpoints, ports
from cli.local.process import Child
from tests.chaos import children

#: What runs is this tree, whatever else is installed.
ROOT = Path(__file__).parents[2]
TOKEN = "a-token-that-only-the-harness-knows"


class Member:
    """One receiver or worker at a port that it keeps over restarts."""

    def __init__(self, module, bind, log: Path, settings):
        self.port = ports.free()
        self._module = module
        self._log = log
        self._environment = _plain() | {
            f"FORGEWIRE_{name}": str(value)
            for name, value in {**settings, bind: f"127.0.0.1:{self.port}"}.items()
        }
        self.start()

    @property
    def environment(self):
        return self._environment

    def start(self, module="", **more):
        """Start it; `module` and `more` (its environment) are for this time only."""
        self._child = Child(
            self._module,
            [sys.executable, "-P", "-m", module or self._module],
            env=self._environment | more,
            log=self._log,
        )

    def restart(self, module="", **more):
        """Stop it in good order, and start it."""
        self._child.stop(30)
        self.start(module, **more)

    def kill(self):
        self._child.kill()

    def freeze(self):
        children.freeze(self._child)

    def thaw(self):
        children.thaw(self._child)

    def stop(self):
        children.thaw(self._child)
        self._child.stop(20)

    @property
    def is_running(self):
        return self._child.exit_code is None

    @property
    def is_ready(self):
        return endpoints.is_ready(f"http://127.0.0.1:{self.port}")


def receiver(number, folder, servers, spool):
    """Start a receiver with a spool of its own."""
    settings = {"GITLAB_TOKENS": TOKEN, "SPOOL_DIR": spool, **servers}
    log = folder / f"receiver-{number}.log"
    return Member("ingest", "INGEST_BIND", log, settings)


def worker(number, folder, servers):
    log = folder / f"worker-{number}.log"
    return Member("workers", "WORKER_BIND", log, servers)


def _plain():
    plain = {k: v for k, v in os.environ.items() if not k.startswith("FORGEWIRE_")}
    return plain | {"PYTHONPATH": str(ROOT)}
