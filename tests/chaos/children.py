"""Hold a process and all that descends from it, and let them go on."""

import contextlib
import os
import signal

from cli.local import family


def freeze(child):
    """Stop a family in its tracks, as a machine that hangs would."""
    _send(child, signal.SIGSTOP)


def thaw(child):
    """Let a frozen family go on, as if no time had passed."""
    _send(child, signal.SIGCONT)


def _send(child, number):
    for one in family.members(child.pid):
        with contextlib.suppress(ProcessLookupError):
            os.kill(one.pid, number)
