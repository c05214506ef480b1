"""Show how the small files of a stack are written and followed."""

import pytest

from cli.local import private
from cli.local.tail import Tail


def test_a_private_file_is_for_its_owner_alone(tmp_path):
    file = tmp_path / "endpoints.json"
    file.write_text("open to all")
    file.chmod(0o644)

    private.write(file, "secret")

    assert file.read_text() == "secret"
    assert file.stat().st_mode & 0o777 == 0o600
    assert list(tmp_path.iterdir()) == [file]


def test_a_draft_that_was_left_behind_is_replaced(tmp_path):
    (tmp_path / "token.new").write_text("half")

    private.write(tmp_path / "token", "whole")

    assert (tmp_path / "token").read_text() == "whole"


def test_a_token_is_made_once(tmp_path):
    first = private.token(tmp_path / "token")
    second = private.token(tmp_path / "token")

    assert first == second
    assert len(first) >= 32


@pytest.mark.parametrize("text", ["", "\n"])
def test_an_empty_token_file_gets_a_token(tmp_path, text):
    (tmp_path / "token").write_text(text)

    assert len(private.token(tmp_path / "token")) >= 32


def test_a_tail_shows_whole_lines_that_are_new(tmp_path):
    log = tmp_path / "log"
    log.write_text("before\n")
    tail = Tail(log)

    with log.open("a") as file:
        file.write("one\ntw")
    first = tail.lines()
    with log.open("a") as file:
        file.write("o\n")
    second = tail.lines()

    assert first == ["one"]
    assert second == ["two"]
    assert tail.lines() == []
