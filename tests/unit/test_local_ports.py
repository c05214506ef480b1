"""Show how ports are chosen and remembered."""

import socket

import pytest

from cli.local import ports
from cli.local.process import CannotRun


@pytest.fixture
def taken():
    with socket.create_server((ports.HOST, 0)) as server:
        yield server.getsockname()[1]


def test_a_port_is_kept_while_it_is_free(tmp_path):
    first = ports.remembered(tmp_path / "port")
    second = ports.remembered(tmp_path / "port")

    assert first == second


def test_a_port_that_somebody_took_is_given_up(tmp_path, taken):
    (tmp_path / "port").write_text(f"{taken}\n")

    port = ports.remembered(tmp_path / "port")

    assert port != taken
    assert (tmp_path / "port").read_text() == f"{port}\n"


@pytest.mark.parametrize("text", ["", "seven"])
def test_a_file_without_a_port_gets_one(tmp_path, text):
    (tmp_path / "port").write_text(text)

    assert ports.remembered(tmp_path / "port") in ports.CHOICE


def test_no_free_port_is_an_error(taken):
    with pytest.raises(CannotRun, match="no free port"):
        ports.free(range(taken, taken + 1))


def test_a_refusal_says_why(taken):
    assert ports.refusal(ports.HOST, taken) == "Address already in use"
    assert ports.refusal("not an address", 80)
    assert ports.refusal(ports.HOST, ports.free()) is None


def test_a_server_answers_where_it_listens(taken):
    assert ports.answers(taken)
    assert not ports.answers(ports.free())
