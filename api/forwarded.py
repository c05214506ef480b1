"""Tell who asks where a proxy asks for them, by the word of known proxies only."""

from collections.abc import Callable, Collection, Iterable
from ipaddress import IPv4Network, IPv6Network, ip_address
from typing import Any

from flask import Flask

Networks = Collection[IPv4Network | IPv6Network]


def install(app: Flask, proxies: Networks) -> None:
    """Have requests that come from `proxies` bear the address of who asked them."""
    if not proxies:
        return
    inner: Callable[..., Iterable[bytes]] = app.wsgi_app

    def outer(environ: dict[str, Any], begin: Any) -> Iterable[bytes]:
        told = environ.get("HTTP_X_FORWARDED_FOR", "")
        environ["REMOTE_ADDR"] = caller(environ.get("REMOTE_ADDR", ""), told, proxies)
        return inner(environ, begin)

    # Flask's own way to put something around it; to mypy it replaces a method.
    app.wsgi_app = outer  # type: ignore[assignment, method-assign]


def caller(remote: str, told: str, proxies: Networks) -> str:
    """Return the address nearest to us that is none of `proxies`.

    `told` is X-Forwarded-For, to which each proxy adds who asked it: so what stands
    before the word of a known proxy may be invented.
    """
    found = remote
    for said in reversed(told.split(",")):
        if not _is_among(found, proxies) or not _is_address(said.strip()):
            break
        found = said.strip()
    return found


def _is_among(text: str, networks: Networks) -> bool:
    if not _is_address(text):
        return False
    address = ip_address(text)
    plain = getattr(address, "ipv4_mapped", None) or address
    return any(plain in network for network in networks)


def _is_address(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True
