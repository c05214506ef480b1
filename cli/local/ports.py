"""Choose loopback ports for local servers, and remember them."""

import errno
import random
import socket
from pathlib import Path

from cli.local.process import CannotStart

HOST = "127.0.0.1"
#: Below the kernel's range for outgoing connections: none can take a port between the
#: choice and the server's start.
CHOICE = range(20_000, 32_000)
TRIES = 100


def is_free(port: int, host: str = HOST) -> bool:
    """Return whether a server could listen there; raise OSError on a bad host."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            if error.errno in (errno.EADDRINUSE, errno.EACCES):
                return False
            raise
    return True


def free(choice: range = CHOICE) -> int:
    """Return a free port; raise CannotStart when there seems to be none."""
    for _ in range(TRIES):
        port = random.choice(choice)  # noqa: S311 - not a secret
        if is_free(port):
            return port
    raise CannotStart(f"no free port between {choice.start} and {choice.stop}")


def remembered(file: Path) -> int:
    """Return the port that the file names, if it is free, or note a new one there."""
    try:
        port = int(file.read_text(encoding="ascii"))
    except (FileNotFoundError, ValueError):
        port = free()
    port = port if is_free(port) else free()
    file.write_text(f"{port}\n", encoding="ascii")
    return port


def answers(port: int, host: str = HOST) -> bool:
    """Return whether something accepts connections there."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.settimeout(1)
        return probe.connect_ex((host, port)) == 0
