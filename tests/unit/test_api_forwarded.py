"""Whom a proxy asks for, and whose word on it counts."""

from ipaddress import ip_network

import pytest

from api.forwarded import caller

PROXIES = tuple(map(ip_network, ("10.0.0.0/8", "2001:db8::/64")))


@pytest.mark.parametrize(
    ("remote", "told", "found"),
    [
        # A proxy's word.
        ("10.0.0.1", "192.0.2.7", "192.0.2.7"),
        ("::ffff:10.0.0.1", "192.0.2.7", "192.0.2.7"),
        ("2001:db8::5", "2001:db8:9::1", "2001:db8:9::1"),
        # Two proxies, one behind the other.
        ("10.0.0.1", "192.0.2.7, 10.0.0.2", "192.0.2.7"),
        # What the caller invents stands before it.
        ("10.0.0.1", "198.51.100.1, 192.0.2.7", "192.0.2.7"),
        ("10.0.0.1", "10.0.0.9, 192.0.2.7", "192.0.2.7"),
        # Nobody's word.
        ("192.0.2.7", "198.51.100.1", "192.0.2.7"),
        ("192.0.2.7", "10.0.0.1", "192.0.2.7"),
        # Nothing of use.
        ("10.0.0.1", "", "10.0.0.1"),
        ("10.0.0.1", "unknown", "10.0.0.1"),
        ("10.0.0.1", "192.0.2.7, _hidden", "10.0.0.1"),
        ("10.0.0.1", "192.0.2.7:1234", "10.0.0.1"),
        ("", "192.0.2.7", ""),
    ],
)
def test_who_asks_is_the_nearest_that_is_no_proxy(remote, told, found):
    assert caller(remote, told, PROXIES) == found


def test_without_proxies_nobody_is_believed():
    assert caller("10.0.0.1", "192.0.2.7", ()) == "10.0.0.1"
