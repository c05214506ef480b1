"""Start all of Forgewire on this machine, servers included, until told to stop."""

import os
import shlex
import signal
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from types import FrameType

import click
from rich.console import Console

from cli.console import link
from cli.local import prometheus
from cli.local.chosen import TOKENS
from cli.local.roles import ROLES, Role
from cli.local.screen import Screen, Stopped
from cli.local.stack import Stack
from cli.local.tail import Tail
from config.settings import SettingsError
from schemas.errors import ForgewireError

LOOK_SECONDS = 0.2
#: A hook as the host would send it, about nobody.
SAMPLE = (
    '{"event_name":"user_create","user_id":41,"username":"ada","name":"Ada Sample",'
    '"email":"ada@example.com","created_at":"2026-01-05T08:00:00Z",'
    '"updated_at":"2026-01-05T08:00:00Z"}'
)
#: Makes a token for a program that looks after events.
MINT = "forgewire token mint --service me --role operator"


@click.command("up")
@click.option("--verbose", is_flag=True, help="Show the logs of our processes, too.")
def command(*, verbose: bool) -> None:
    """Run RabbitMQ, MongoDB, receiver, worker and API here until Ctrl-C.

    Servers whose FORGEWIRE_AMQP_URL or FORGEWIRE_MONGODB_URL is set are not started.
    Data and logs are kept in FORGEWIRE_DATA_DIR (var).
    """
    with stop_signals() as should_stop:
        run(os.environ, Console(), verbose=verbose, should_stop=should_stop)


def run(
    environ: Mapping[str, str],
    console: Console,
    *,
    verbose: bool,
    should_stop: Callable[[], bool],
    roles: Sequence[Role] = ROLES,
) -> None:
    """Run a stack until `should_stop`; raise ClickException when it cannot go on."""
    screen = Screen(console, should_stop=should_stop)
    screen.say("Forgewire starts; Ctrl-C stops everything")
    try:
        with Stack(environ, screen=screen, roles=roles) as stack:
            metrics = prometheus.write(stack.folder, stack.endpoints)
            screen.say(introduction(stack, token_word(environ, stack.endpoints.token)))
            screen.say(prometheus.advice(metrics, path=environ.get("PATH")) + "\n")
            follow(stack, screen, [role.name for role in roles] if verbose else [])
    except Stopped:
        screen.say("everything is stopped")
    except (ForgewireError, SettingsError) as error:
        raise click.ClickException(str(error)) from error


def introduction(stack: Stack, token: str) -> str:
    """Return where everything is, and commands that send a hook and get a token."""
    at = stack.endpoints
    headers = f'-H "X-Gitlab-Token: {token}" -H "Content-Type: application/json"'
    return f"""
  receiver   {at.ingest}/hooks/gitlab
  worker     {at.worker}
  API        {at.api}/apidocs
  console    {link(at.api, stack.folder)}
  RabbitMQ   {without_password(at.amqp_url)}
  MongoDB    {without_password(at.mongodb_url)}
  metrics    {at.ingest}/metrics, and so of worker and API
  logs       {stack.folder / "logs"}
  token      {token}

Send it a hook, as the host would:

curl -i {at.ingest}/hooks/gitlab {headers} -d '{SAMPLE}'

The link to the console signs a browser in once, within ten minutes; another one comes
from: forgewire console

Get a token for the API, good for an hour, from another terminal in this folder:

{MINT}
"""


def token_word(environ: Mapping[str, str], token: str) -> str:
    """Return the token as a shell's word; one that the user chose stays unseen."""
    if environ.get(TOKENS, "").strip():
        return f"${{{TOKENS}%%,*}}"
    if file := environ.get(f"{TOKENS}_FILE"):
        return f"$(head -n 1 {shlex.quote(file)} | cut -d , -f 1)"
    return token


def without_password(url: str) -> str:
    """Return a URL without user, password and options, which may be secret as well."""
    scheme, _, rest = url.partition("://")
    return f"{scheme}://{rest.rpartition('@')[2].partition('?')[0]}"


def follow(stack: Stack, screen: Screen, shown: Sequence[str]) -> None:
    """Watch the stack until the screen's pause or the stack raises."""
    tails = {name: Tail(stack.log(name)) for name in shown}
    while True:
        stack.check()
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
