"""The client that asks the Git host, the issuer and the upstream."""

import ssl
import threading
import time

import pytest
import trustme

from api.outgoing import MAX_BYTES, Client
from api.unanswered import Away, NoAnswer, PrivateAddress, TimedOut
from tests.answering import always, answering, said

ours = Client(allow_private=True, total_seconds=0.5)


def test_it_gives_status_headers_and_body():
    with answering(always(said(404, b'{"a": 1}', "X-Own: yes"))) as url:
        reply = ours.get(f"{url}/thing")
    assert (reply.status, reply.object()) == (404, {"a": 1})
    assert reply.headers["x-own"] == "yes"


def test_it_sends_what_it_is_told_and_nothing_of_the_environment(monkeypatch, tmp_path):
    (tmp_path / "netrc").write_text("machine 127.0.0.1 login who password secret\n")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    monkeypatch.setenv("all_proxy", "http://127.0.0.1:1")
    seen = []

    def respond(head, connection):
        seen.append(head)
        connection.sendall(said(200, b"{}", "Set-Cookie: who=you"))

    with answering(respond) as url:
        ours.get(f"{url}/a", {"Authorization": "Bearer t"})
        ours.post(f"{url}/b", form={"code": "1 2"})
    first, second = (head.decode().lower() for head in seen)
    assert first.startswith("get /a http/1.1\r\n")
    assert "authorization: bearer t\r\n" in first
    assert second.startswith("post /b http/1.1\r\n")
    assert second.endswith("\r\n\r\ncode=1+2")
    assert "authorization" not in second
    assert "cookie" not in second


def test_a_redirect_is_an_answer_and_its_body_is_bounded():
    far = "Location: http://127.0.0.1:1/"
    with answering(always(said(302, b"{}", far))) as url:
        assert ours.get(url).status == 302
    long = said(302, b"x" * (MAX_BYTES + 1), far)
    with answering(always(long)) as url, pytest.raises(Away, match="too long"):
        ours.get(url)


@pytest.mark.parametrize("pieces", [False, True])
def test_an_answer_that_is_too_long_is_not_read_to_its_end(pieces):
    def respond(_, connection):
        how = "Transfer-Encoding: chunked" if pieces else "Connection: close"
        connection.sendall(f"HTTP/1.1 200 OK\r\n{how}\r\n\r\n".encode())
        for _ in range(100_000):
            connection.sendall(b"4000\r\n" * pieces + b"x" * 0x4000 + b"\r\n" * pieces)

    with answering(respond) as url, pytest.raises(Away, match="too long"):
        ours.get(url)


def test_an_answer_of_the_greatest_length_is_read():
    with answering(always(said(200, b"x" * MAX_BYTES))) as url:
        assert len(ours.get(url).body) == MAX_BYTES


@pytest.mark.parametrize(
    "begins", [b"", b"HTTP/1.1 200 OK\r\nX-", b"HTTP/1.1 200 OK\r\n\r\n"]
)
def test_a_server_that_drips_is_left_in_time(begins):
    def respond(_, connection):
        connection.sendall(begins)
        for _ in range(200):
            connection.sendall(b"x")
            time.sleep(0.02)

    start = time.monotonic()
    with answering(respond) as url, pytest.raises(TimedOut):
        ours.get(url)
    assert time.monotonic() - start < 2


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"nonsense\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nshort",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        said(200, b"\x1f\x8b", "Content-Encoding: gzip"),
    ],
)
def test_what_makes_no_sense_is_as_if_it_were_away(data):
    with answering(always(data)) as url, pytest.raises(Away):
        ours.get(url)


@pytest.mark.parametrize("body", [b"", b"<html>", b"[1]", b"[" * 100_000, b"\xff"])
def test_an_answer_that_is_no_json_object_is_as_if_it_were_away(body):
    with answering(always(said(200, body))) as url:
        reply = ours.get(url)
    with pytest.raises(Away) as raised:
        reply.object()
    assert raised.value.__cause__ is None


def test_without_leave_this_machine_is_not_asked():
    strict = Client(allow_private=False)
    respond = always(said(200))
    with answering(respond) as url, pytest.raises(PrivateAddress):
        strict.get(url.replace("127.0.0.1", "2130706433"))


def test_certificates_are_verified_by_the_systems_authorities(monkeypatch, tmp_path):
    authority = trustme.CA()
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(tls)
    with answering(always(said(200)), tls=tls) as url:
        with pytest.raises(Away, match="SSLError"):
            Client(allow_private=True).get(url)
        authority.cert_pem.write_to_path(tmp_path / "ca.pem")
        monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "ca.pem"))
        assert Client(allow_private=True).get(url).status == 200
        with pytest.raises(Away, match="SSLError"):
            Client(allow_private=True).get(url.replace("127.0.0.1", "localhost"))


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:1/s3cret", "http://[/s3cret", "ftp://x/s3cret", "s3cret"]
)
def test_errors_name_no_url_and_no_header(url):
    with pytest.raises(NoAnswer) as raised:
        ours.get(url, {"Authorization": "Bearer s3cret"})
    assert "s3cret" not in str(raised.value)
    assert raised.value.__cause__ is None


def test_nothing_of_a_call_is_left():
    before = threading.active_count()
    with answering(always(said(200))) as url:
        for _ in range(20):
            ours.get(url)
    assert threading.active_count() <= before + 2
