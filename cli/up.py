"""Start all of Forgewire on this machine, servers included, until told to stop."""

import os
import signal
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from types import FrameType

import click
from rich.console import Console

from cli.introduction import introduction, token_word
from cli.local import prometheus
from cli.local.reload import RELOADED, Watch, sources
from cli.local.roles import Role, needed
from cli.local.screen import Screen, Stopped
from cli.local.stack import Stack
from cli.local.tail import Tail
from config.settings import SettingsError
from schemas.errors import ForgewireError

LOOK_SECONDS = 0.2


@click.command("up")
@click.option("--verbose", is_flag=True, help="Show the logs of our processes, too.")
@click.option(
    "--reload",
    is_flag=True,
    help="Start worker and API anew when a handler or schema changes, ours or that of "
    "an installed package, once all of them load.",
)
def command(*, verbose: bool, reload: bool) -> None:
    """Run RabbitMQ, MongoDB, receiver, worker and API here until Ctrl-C.

    A reactor runs, too, if a handler package has reactions.

    Servers whose FORGEWIRE_AMQP_URL or FORGEWIRE_MONGODB_URL is set are not started.
    Data and logs are kept in FORGEWIRE_DATA_DIR (var).
    """
    with stop_signals() as should_stop:
        run(
            os.environ,
            Console(),
            verbose=verbose,
            reload=reload,
            should_stop=should_stop,
        )


def run(
    environ: Mapping[str, str],
    console: Console,
    *,
    verbose: bool,
    should_stop: Callable[[], bool],
    reload: bool = False,
    roles: Sequence[Role] | None = None,
) -> None:
    """Run a stack until `should_stop`; raise ClickException when it cannot go on."""
    screen = Screen(console, should_stop=should_stop)
    # What changes while all starts is a change, too.
    watch = Watch(sources) if reload else None
    screen.say("Forgewire starts; Ctrl-C stops everything")
    try:
        roles = needed(environ) if roles is None else roles
        with Stack(environ, screen=screen, roles=roles) as stack:
            metrics = prometheus.write(stack.folder, stack.endpoints)
            screen.say(introduction(stack, token_word(environ, stack.endpoints.token)))
            screen.say(prometheus.advice(metrics, path=environ.get("PATH")) + "\n")
            shown = [role.name for role in roles] if verbose else []
            follow(stack, screen, shown, watch)
    except Stopped:
        screen.say("everything is stopped")
    except (ForgewireError, SettingsError) as error:
        raise click.ClickException(str(error)) from error


def follow(
    stack: Stack, screen: Screen, shown: Sequence[str], watch: Watch | None = None
) -> None:
    """Watch the stack until the screen's pause or the stack raises."""
    tails = {name: Tail(stack.log(name)) for name in shown}
    while True:
        stack.check()
        if watch and (changed := watch.changed()):
            more = f" and {len(changed) - 1} more" if changed[1:] else ""
            screen.say(f"handlers changed: {changed[0]}{more}")
            stack.reload(RELOADED)
        for name, tail in tails.items():
            for line in tail.lines():
                screen.say(f"{name} | {line}")
        screen.pause(LOOK_SECONDS)


@contextmanager
def stop_signals() -> Iterator[Callable[[], bool]]:
    """Yield whether a signal asked to stop, during the block.

    A handler that raised could do so anywhere, between a start and its undoing too.
    """
    received: list[int] = []

    def note(number: int, _: FrameType | None) -> None:
        received.append(number)

    wanted = [signal.SIGINT, signal.SIGTERM]
    if signal.getsignal(signal.SIGHUP) != signal.SIG_IGN:
        wanted.append(signal.SIGHUP)
    former = {number: signal.signal(number, note) for number in wanted}
    try:
        yield lambda: bool(received)
    finally:
        for number, handler in former.items():
            signal.signal(number, handler)
