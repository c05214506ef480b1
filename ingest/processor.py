"""Keep a receiver on one processor, and each receiver of a machine on another.

Its threads take turns at Python's one interpreter, so it hardly uses a second one; but
turns that cross from one processor to another cost about as much as all the rest.
"""

import os
import socket
from collections.abc import Iterable

#: The kernel gives a name to one process, and takes it back when that ends.
_NAME = "\0forgewire-receiver-on-processor-{}"


def claim() -> socket.socket | None:
    """Stay on a processor from now on, with all threads and children to come.

    Return what keeps others off it, for as long as it is open; None if this process
    may use one only, or if other receivers have them all, and then nothing changes.
    """
    allowed = sorted(os.sched_getaffinity(0), reverse=True)
    if len(allowed) == 1:
        return None
    claimed = _first_free(allowed)
    if claimed is None:
        return None
    processor, held = claimed
    os.sched_setaffinity(0, {processor})
    return held


def _first_free(processors: Iterable[int]) -> tuple[int, socket.socket] | None:
    for processor in processors:
        held = socket.socket(socket.AF_UNIX)
        try:
            held.bind(_NAME.format(processor))
        except OSError:
            held.close()
        else:
            return processor, held
    return None
