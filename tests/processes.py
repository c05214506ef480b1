"""Run a process of ours with settings of the test's own."""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]


def start(module, log, *, plugins=None, **settings):
    """Start `python -m module` with FORGEWIRE_ variables; its output goes to `log`.

    `plugins` is a folder in which further packages are installed.
    """
    env = {k: v for k, v in os.environ.items() if not k.startswith("FORGEWIRE_")}
    env |= {"PYTHONPATH": str(plugins)} if plugins else {}
    env |= {f"FORGEWIRE_{name}": str(value) for name, value in settings.items()}
    with log.open("ab") as output:
        return subprocess.Popen(
            [sys.executable, "-m", module],
            cwd=ROOT,
            env=env,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
