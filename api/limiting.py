"""Limit how often one address may try to sign in, or to get a token."""

import math
import time
from ipaddress import IPv6Address, ip_address

from flask import Flask, Response, current_app, request
from flask_limiter import Limiter
from flask_limiter.errors import RateLimitExceeded

from api.problems import Refused, told
from state.attempts import SCHEME
from state.documents import Db

#: The endpoints where secrets can be guessed, or servers of others be kept busy. They
#: share one count.
LIMITED = frozenset(
    {
        "exchange.tokens",
        "exchange.alias",
        "login.start",
        "login.callback",
        "login.begin",
        "login.end",
        "login.end_alias",
        "console.enter",
    }
)
#: One subscriber has a network of so many bits of IPv6, and all addresses in it.
_NETWORK_BITS = 64


def install(app: Flask, db: Db, rate: str) -> None:
    """Refuse who tries more often than `rate`, such as "20/minute", with 429.

    While MongoDB is away each process counts by itself, so that nobody is kept out.
    """
    limiter = Limiter(
        key_func=caller,
        app=app,
        application_limits=[rate],
        storage_uri=f"{SCHEME}://",
        # Declared as texts, and handed to our storage as it is.
        storage_options={"db": db},  # type: ignore[dict-item]
        key_prefix="api",
        swallow_errors=True,
        in_memory_fallback_enabled=True,
    )

    limiter.request_filter(lambda: request.endpoint not in LIMITED)

    @app.errorhandler(RateLimitExceeded)
    def tell_too_often(_: RateLimitExceeded) -> Response:
        return told(refusal())


def refusal() -> Refused:
    """Return the answer to the request under way, which came too soon."""
    (limiter,) = current_app.extensions["limiter"]
    limit = limiter.current_limit
    wait = math.ceil(limit.reset_at - time.time()) if limit else 1
    return too_often(max(wait, 1))


def caller() -> str:
    """Return whom tries are counted for: an address, or the network of one."""
    return network(request.remote_addr or "")


def network(remote: str) -> str:
    """Return the IPv4 address, or the IPv6 network of one subscriber."""
    try:
        address = ip_address(remote)
    except ValueError:
        return "unknown"
    if not isinstance(address, IPv6Address):
        return str(address)
    if address.ipv4_mapped:
        return str(address.ipv4_mapped)
    shift = address.max_prefixlen - _NETWORK_BITS
    return str(IPv6Address(int(address) >> shift << shift))


def too_often(seconds: int) -> Refused:
    """Return the answer to who tried too often, and may again in so many seconds."""
    return Refused(
        429,
        "too-many-requests",
        "Too many tries from your address",
        f"Try again in {seconds} s.",
        headers=[("Retry-After", str(seconds))],
    )
