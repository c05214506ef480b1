"""Find the address to listen on, and make sure that it is ours alone."""

import socket
from typing import Any, TypeAlias

from config.settings import Bind

_Found: TypeAlias = tuple[Any, ...]


class CannotListen(Exception):
    """Raised at start when the address to listen on is taken or not ours."""


def resolved(bind: Bind, variable: str) -> str:
    """Return the IP address of the host in `bind`, as granian wants it.

    Raise CannotListen if nobody could listen there, or somebody does: granian would
    share the port, and requests would go either way. `variable` is what sets it.
    """
    try:
        found = socket.getaddrinfo(bind.host, bind.port, type=socket.SOCK_STREAM)[0]
        _listen_once(found)
    except OSError as exc:
        raise CannotListen(
            f"cannot listen on {bind}: {exc.strerror}. Stop what listens there, or set "
            f"{variable} to another host:port."
        ) from exc
    return str(found[4][0])


def _listen_once(found: _Found) -> None:
    family, kind, protocol, _, address = found
    with socket.socket(family, kind, protocol) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind(address)
        # Two may bind to one port with SO_REUSEADDR, but only one may listen.
        probe.listen()
