"""Show what the API says instead of starting."""

import socket
import time

import pytest

from api import keyring
from api.__main__ import main


@pytest.fixture
def environ(tmp_path):
    """Settings with which it would start."""
    keyring.generate(tmp_path / "jwt-keys.json", "ES256", time.time())
    return {"FORGEWIRE_DATA_DIR": str(tmp_path)}


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("FORGEWIRE_API_SECONDS", "soon", "FORGEWIRE_API_SECONDS"),
        ("FORGEWIRE_AMQP_URL", "amqp://guest:rosebud@x:none/", "AMQP"),
        ("FORGEWIRE_MONGODB_URL", "mongodb://a:rosebud@x:none/", "MONGODB"),
        ("FORGEWIRE_API_BIND", "[::2]:8081", "cannot listen on [::2]:8081"),
        ("FORGEWIRE_API_BIND", "nowhere.invalid:80", "cannot listen on nowhere"),
    ],
)
def test_a_wrong_setting_is_named_in_one_line(environ, capsys, name, value, said):
    code = main(environ | {name: value})

    told = capsys.readouterr().err
    assert code == 2
    assert said in told
    assert "Traceback" not in told
    assert "rosebud" not in told


def test_an_address_that_is_taken_is_not_shared(environ, capsys):
    with socket.create_server(("127.0.0.1", 0), reuse_port=True) as taken:
        bind = f"127.0.0.1:{taken.getsockname()[1]}"

        code = main(environ | {"FORGEWIRE_API_BIND": bind})

    told = capsys.readouterr().err
    assert code == 2
    assert f"cannot listen on {bind}" in told
    assert "FORGEWIRE_API_BIND" in told


def test_without_keys_it_does_not_start(tmp_path, capsys):
    code = main({"FORGEWIRE_DATA_DIR": str(tmp_path)})

    told = capsys.readouterr().err
    assert code == 2
    assert f"{tmp_path}/jwt-keys.json" in told
    assert "forgewire keys generate" in told


@pytest.mark.parametrize(
    "content", ["", "{}", "no", '{"keys": [], "cookie_secrets": []}']
)
def test_with_a_bad_file_of_keys_it_does_not_start(tmp_path, capsys, content):
    (tmp_path / "jwt-keys.json").write_text(content)

    code = main({"FORGEWIRE_DATA_DIR": str(tmp_path)})

    told = capsys.readouterr().err
    assert code == 2
    assert told.startswith(f"{tmp_path}/jwt-keys.json: ")
    assert told.count("\n") == 1
