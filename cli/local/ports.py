"""Choose loopback ports for local servers, and remember them."""

import random
import socket
from pathlib import Path

from cli.local.process import CannotRun

HOST = "127.0.0.1"
#: Below the kernel's range for outgoing connections: none can take a port between the
#: choice and the server's start.
CHOICE = range(20_000, 32_000)
TRIES = 100


def refusal(host: str, port: int) -> str | None:
    """Return why a server could not listen there now, or None if it could."""
    try:
        family, *_, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, socket.SOCK_STREAM) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
    except OSError as error:
        return error.strerror or "no such address"
    return None


def free(choice: range = CHOICE) -> int:
    """Return a free port; raise CannotRun when there seems to be none."""
    for _ in range(TRIES):
        port = random.choice(choice)  # noqa: S311 - not a secret
        if refusal(HOST, port) is None:
            return port
    raise CannotRun(f"no free port between {choice.start} and {choice.stop}")


def remembered(file: Path) -> int:
    """Return the port that the file names, if it is free, or note a new one there."""
    try:
        port = int(file.read_text(encoding="ascii"))
    except (FileNotFoundError, ValueError):
        port = free()
    port = port if refusal(HOST, port) is None else free()
    file.write_text(f"{port}\n", encoding="ascii")
    return port


def answers(port: int, host: str = HOST) -> bool:
    """Return whether something accepts connections there."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.settimeout(1)
        return probe.connect_ex((host, port)) == 0
