"""Which addresses the API may ask, however they are written."""

import socket

import pytest

from api.addresses import connect, is_public
from api.unanswered import Away, PrivateAddress, TimedOut

NOT_PUBLIC = [
    "0.0.0.0",
    "0.1.2.3",
    "10.0.0.1",
    "100.64.0.1",
    "127.0.0.1",
    "127.255.255.254",
    "169.254.169.254",
    "172.16.0.1",
    "172.31.255.255",
    "192.0.0.9",
    "192.0.2.1",
    "192.88.99.1",
    "192.168.1.1",
    "198.18.0.1",
    "198.51.100.1",
    "203.0.113.1",
    "224.0.0.1",
    "239.255.255.255",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "::127.0.0.1",
    "::ffff:127.0.0.1",
    "::ffff:10.0.0.1",
    "::ffff:0:127.0.0.1",
    "64:ff9b::127.0.0.1",
    "64:ff9b::a00:1",
    "64:ff9b:1::808:808",
    "100::1",
    "2001::1",
    "2001:db8::1",
    "2002:7f00:1::",
    "2002:808:808::",
    "3fff::1",
    "fc00::1",
    "fd12:3456::1",
    "fe80::1",
    "fe80::1%lo",
    "fec0::1",
    "ff02::1",
]
PUBLIC = [
    "1.1.1.1",
    "8.8.8.8",
    "100.63.255.255",
    "100.128.0.1",
    "172.15.255.255",
    "172.32.0.1",
    "223.255.255.255",
    "::ffff:8.8.8.8",
    "64:ff9b::808:808",
    "2001:4860:4860::8888",
    "2606:4700::1111",
]
#: All of them are this machine to the resolver.
ODD = [
    "127.0.0.1",
    "127.1",
    "0177.0.0.1",
    "0x7f.1",
    "0x7f000001",
    "2130706433",
    "017700000001",
    "0",
    "0.0.0.0",
    "::1",
    "::ffff:127.0.0.1",
    "::ffff:7f00:1",
    "0:0:0:0:0:0:0:1",
    "localhost",
]


@pytest.fixture
def port():
    with socket.create_server(("127.0.0.1", 0)) as listening:
        yield listening.getsockname()[1]


@pytest.mark.parametrize("address", NOT_PUBLIC)
def test_an_address_is_not_public(address):
    assert not is_public(address)


@pytest.mark.parametrize("address", PUBLIC)
def test_an_address_is_public(address):
    assert is_public(address)


@pytest.mark.parametrize("host", ODD)
def test_no_way_of_writing_it_leads_to_this_machine(host, port):
    with pytest.raises(PrivateAddress):
        connect(host, port, allow_private=False, seconds=1)


@pytest.mark.parametrize("host", ["127.0.0.1", "0x7f000001", "2130706433"])
def test_it_does_where_private_addresses_are_allowed(host, port):
    with connect(host, port, allow_private=True, seconds=1) as made:
        assert made.getpeername() == ("127.0.0.1", port)


def test_a_name_is_resolved_once_so_it_cannot_lead_elsewhere_later(port):
    asked = []

    def resolve(host, *args, **kwargs):
        asked.append(host)
        return socket.getaddrinfo("127.0.0.1", *args, **kwargs)

    with pytest.raises(PrivateAddress):
        connect("h.test", port, allow_private=False, seconds=1, resolve=resolve)
    connect("h.test", port, allow_private=True, seconds=1, resolve=resolve).close()
    assert asked == ["h.test", "h.test"]


def test_of_several_addresses_the_next_is_tried(port):
    def resolve(_, *args, **kwargs):
        return [
            *socket.getaddrinfo("::1", *args, **kwargs),
            *socket.getaddrinfo("127.0.0.1", *args, **kwargs),
        ]

    with connect("h.test", port, allow_private=True, seconds=1, resolve=resolve) as it:
        assert it.getpeername() == ("127.0.0.1", port)


@pytest.mark.parametrize("host", ["nobody.invalid", "a" * 64, "", "☃" * 300])
def test_a_name_that_leads_nowhere_is_away(host):
    def resolve(*_, **__):
        host.encode("idna")
        raise socket.gaierror

    with pytest.raises(Away):
        connect(host, 80, allow_private=True, seconds=1, resolve=resolve)


def test_a_port_where_nobody_listens_is_away():
    with socket.create_server(("127.0.0.1", 0)) as once:
        port = once.getsockname()[1]
    with pytest.raises(Away, match="refused"):
        connect("127.0.0.1", port, allow_private=True, seconds=1)


def test_a_host_that_does_not_take_the_connection_times_out(port):
    def never(_, *args, **kwargs):
        # A listener whose backlog is full.
        return socket.getaddrinfo("127.0.0.1", full.getsockname()[1], **kwargs)

    full = socket.socket()
    full.bind(("127.0.0.1", 0))
    full.listen(0)
    waiting = [socket.socket() for _ in range(4)]
    for one in waiting:
        one.settimeout(0)
        one.connect_ex(full.getsockname())
    with pytest.raises(TimedOut):
        connect("h.test", port, allow_private=True, seconds=0.2, resolve=never)
    for one in (*waiting, full):
        one.close()
