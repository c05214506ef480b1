"""Show what `forgewire up` says of secrets, and how it hears of signals."""

import os
import signal
import subprocess

import pytest

from cli.introduction import token_word, without_password
from cli.up import stop_signals


def test_our_own_token_is_shown():
    assert token_word({}, "abc") == "abc"


@pytest.mark.parametrize("tokens", ["one", "one,two"])
def test_a_token_that_the_user_chose_is_named_but_not_shown(tokens, tmp_path):
    file = tmp_path / "my tokens"
    file.write_text(f"{tokens}\n")
    variable = {"FORGEWIRE_GITLAB_TOKENS": tokens}
    by_file = {"FORGEWIRE_GITLAB_TOKENS_FILE": str(file)}

    words = [token_word(environ, "one") for environ in (variable, by_file)]
    values = [
        subprocess.check_output(["/bin/sh", "-c", f'printf %s "{word}"'], env=environ)
        for word, environ in zip(
            words, (variable, by_file | {"PATH": os.environ["PATH"]}), strict=True
        )
    ]

    assert all("one" not in word for word in words)
    assert values == [b"one", b"one"]


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("amqp://user:p@ss@rabbit:5672/%2F", "amqp://rabbit:5672/%2F"),
        ("mongodb://one:1,two:2/forgewire", "mongodb://one:1,two:2/forgewire"),
    ],
)
def test_a_url_is_shown_without_its_password(url, shown):
    assert without_password(url) == shown


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_asks_to_stop_and_interrupts_nothing(number):
    before = signal.getsignal(number)

    with stop_signals() as should_stop:
        asked_before = should_stop()
        os.kill(os.getpid(), number)
        asked_after = should_stop()

    assert (asked_before, asked_after) == (False, True)
    assert signal.getsignal(number) == before


def test_a_hangup_that_is_ignored_stays_ignored():
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with stop_signals() as should_stop:
            os.kill(os.getpid(), signal.SIGHUP)

            assert not should_stop()
    finally:
        signal.signal(signal.SIGHUP, before)
