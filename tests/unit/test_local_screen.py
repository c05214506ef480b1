"""Show what somebody before a terminal, or a reader of a log, is told."""

import io

import pytest
from rich.console import Console

from cli.local.screen import Screen, Stopped


class Clock:
    """A clock that only a sleep moves."""

    now = 0.0

    def __call__(self):
        return self.now

    def sleep(self, seconds):
        self.now += seconds


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def output():
    return io.StringIO()


@pytest.fixture
def screen(clock, output):
    console = Console(file=output, width=40)
    return Screen(console, sleep=clock.sleep, clock=clock)


def test_a_line_is_printed_whole_and_as_it_is(screen, output):
    line = "[bold]amqp://guest:guest@127.0.0.1:25431/%2F and much more[/bold]"

    screen.say(line)

    assert output.getvalue() == f"{line}\n"


def test_without_a_terminal_a_wait_is_reported_every_five_seconds(screen, output):
    with screen.waiting("RabbitMQ"):
        for _ in range(13):
            screen.pause(1)

    assert output.getvalue().splitlines() == [
        "waiting for RabbitMQ (5 s)",
        "waiting for RabbitMQ (10 s)",
        "RabbitMQ is ready after 13.0 s",
    ]


def test_on_a_terminal_a_wait_shows_its_seconds(clock, output):
    console = Console(file=output, force_terminal=True, width=60)
    screen = Screen(console, sleep=clock.sleep, clock=clock)

    with screen.waiting("RabbitMQ"):
        screen.pause(3)
        screen.pause(1)
        console.print("above")

    assert "waiting for RabbitMQ (3 s)" in output.getvalue()


def test_a_pause_ends_when_nothing_is_to_go_on(clock, output):
    screen = Screen(Console(file=output), should_stop=lambda: True, sleep=clock.sleep)

    with pytest.raises(Stopped):
        screen.pause(1)

    assert clock.now == 0


def test_a_wait_that_fails_is_not_called_ready(screen, output):
    with pytest.raises(ValueError, match="late"), screen.waiting("RabbitMQ"):
        raise ValueError("late")

    assert output.getvalue() == ""
