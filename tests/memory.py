"""Keep what tests write in memory where there is room: their servers flush a lot.

What is promised after a loss of power is shown by no test either way; what a killed
process leaves behind is the same.
"""

import os
import shutil
import tempfile
from pathlib import Path

_MEMORY = Path("/dev/shm")
#: What the servers of three test processes take at most, and some room beside it.
_BYTES = 6 << 30


def prefer() -> None:
    """Have temporary files made there, unless TMPDIR says where they are to be."""
    if "TMPDIR" not in os.environ and _has_room():
        os.environ["TMPDIR"] = str(_MEMORY)
        tempfile.tempdir = None


def _has_room() -> bool:
    if not (_MEMORY.is_mount() and os.access(_MEMORY, os.W_OK)):
        return False
    return min(shutil.disk_usage(_MEMORY).free, _available()) >= _BYTES


def _available() -> int:
    lines = Path("/proc/meminfo").read_text().splitlines()
    told = dict(line.split(":") for line in lines)
    return int(told["MemAvailable"].removesuffix("kB")) << 10
