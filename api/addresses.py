"""Tell addresses of the public network from all others, and connect to those only."""

import socket
from collections.abc import Callable
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from typing import Any

from api.unanswered import Away, NoAnswer, PrivateAddress, TimedOut

#: What `socket.getaddrinfo` is.
Resolver = Callable[..., list[Any]]

#: What the edge of a network that has only IPv6 translates to IPv4.
_NAT64 = IPv6Network("64:ff9b::/96")
#: All of IPv6 that is given out for the public network.
_GIVEN_OUT = IPv6Network("2000::/3")
#: Tunnels, which end wherever the address says, and examples.
_NEVER_V6 = (
    IPv6Network("2001::/23"),
    IPv6Network("2002::/16"),
    IPv6Network("3fff::/20"),
)
#: Protocol assignments, and relays of such tunnels.
_NEVER_V4 = (IPv4Network("192.0.0.0/24"), IPv4Network("192.88.99.0/24"))


def is_public(text: str) -> bool:
    """Return whether an IP address, as a resolver gives it, is of the public network.

    It is not if it is private, shared, loopback, link-local, multicast, reserved or
    unspecified, nor if it is IPv6 that stands for such an address.
    """
    address = ip_address(text)
    if isinstance(address, IPv4Address):
        return _is_public_v4(address)
    inner = address.ipv4_mapped or _translated(address)
    return _is_public_v4(inner) if inner else _is_public_v6(address)


def connect(
    host: str,
    port: int,
    *,
    allow_private: bool,
    seconds: float,
    resolve: Resolver = socket.getaddrinfo,
) -> socket.socket:
    """Return a connection to the first address of `host` that answers.

    What is checked is what is connected to: no name is resolved twice. Raise
    PrivateAddress, Away or TimedOut.
    """
    failure: NoAnswer = PrivateAddress("its address is not of the public network")
    for family, kind, protocol, _, address in _addresses(host, port, resolve):
        if not (allow_private or is_public(str(address[0]))):
            continue
        try:
            return _connected(socket.socket(family, kind, protocol), address, seconds)
        except TimeoutError:
            failure = TimedOut("no connection in time")
        except OSError as exc:
            failure = Away(f"no connection: {exc.strerror}")
    raise failure


def _addresses(host: str, port: int, resolve: Resolver) -> list[Any]:
    try:
        return resolve(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        raise Away("its name leads to no address") from None


def _connected(
    made: socket.socket, address: tuple[Any, ...], seconds: float
) -> socket.socket:
    try:
        made.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        made.settimeout(seconds)
        made.connect(address)
    except OSError:
        made.close()
        raise
    return made


def _is_public_v4(address: IPv4Address) -> bool:
    is_never = any(address in network for network in _NEVER_V4)
    return address.is_global and not address.is_multicast and not is_never


def _is_public_v6(address: IPv6Address) -> bool:
    is_never = any(address in network for network in _NEVER_V6)
    return address in _GIVEN_OUT and address.is_global and not is_never


def _translated(address: IPv6Address) -> IPv4Address | None:
    # Its last 32 bits are the IPv4 address that is meant.
    return IPv4Address(int(address) & 0xFFFF_FFFF) if address in _NAT64 else None
