"""Say which processes of ours a stack runs, and where they are to listen."""

import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from operator import attrgetter

from cli.local import ports
from cli.local.process import CannotRun
from config.settings import Bind, Settings, load
from handlers.packages import modules
from handlers.reacting import reactions_in

#: What to connect to when a process listens on every address.
_EVERY_ADDRESS = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - not to bind to


@dataclass(frozen=True, slots=True)
class Role:
    """A process of ours, as a user knows it and as scripts do."""

    name: str
    key: str
    variable: str
    bind: Callable[[Settings], Bind]
    command: Sequence[str]


#: In the order in which they stop.
ROLES = (
    Role(
        "receiver",
        "ingest",
        "FORGEWIRE_INGEST_BIND",
        attrgetter("ingest_bind"),
        (sys.executable, "-P", "-m", "ingest"),
    ),
    Role(
        "API",
        "api",
        "FORGEWIRE_API_BIND",
        attrgetter("api_bind"),
        (sys.executable, "-P", "-m", "api"),
    ),
    Role(
        "worker",
        "worker",
        "FORGEWIRE_WORKER_BIND",
        attrgetter("worker_bind"),
        (sys.executable, "-P", "-m", "workers"),
    ),
)


#: Runs only where a reaction is installed.
REACTOR = Role(
    "reactor",
    "reactor",
    "FORGEWIRE_REACTOR_BIND",
    attrgetter("reactor_bind"),
    (sys.executable, "-P", "-m", "reactions"),
)


def needed(environ: Mapping[str, str]) -> Sequence[Role]:
    """Return the roles to run: the reactor too if any handler package reacts.

    Raise SettingsError, NotInstalled or CannotLoad.
    """
    settings = load(with_free_ports(environ, (*ROLES, REACTOR)))
    reactions = reactions_in(modules(settings.handler_packages))
    return (*ROLES, REACTOR) if reactions else ROLES


def is_given(environ: Mapping[str, str], variable: str) -> bool:
    """Return whether a variable is set, here or by a file."""
    given = environ.get(variable, "").strip() or environ.get(f"{variable}_FILE")
    return bool(given)


def with_variables(
    environ: Mapping[str, str], variables: Mapping[str, str]
) -> dict[str, str]:
    """Return `environ` with those of `variables` that are not set there."""
    missing = {
        name: it for name, it in variables.items() if not is_given(environ, name)
    }
    return {**environ, **missing}


def with_free_ports(
    environ: Mapping[str, str], roles: Sequence[Role]
) -> dict[str, str]:
    """Return `environ` with a free port wherever a role is to have port 0."""
    chosen = {}
    for role in roles:
        host, colon, port = environ.get(role.variable, "").strip().rpartition(":")
        if colon and port == "0":
            chosen[role.variable] = f"{host}:{ports.free()}"
    return {**environ, **chosen}


def place(
    role: Role,
    environ: Mapping[str, str],
    settings: Settings,
    say: Callable[[str], None],
) -> Bind:
    """Return where a role can listen: elsewhere if its default port is taken.

    Raise CannotRun when somebody chose the port.
    """
    bind = role.bind(settings)
    refusal = ports.refusal(bind.host, bind.port)
    if refusal is None:
        return bind
    if is_given(environ, role.variable):
        raise CannotRun(f"{role.variable}: cannot listen on {bind}: {refusal}")
    say(f"{bind} is taken, so the {role.name} gets another port")
    return Bind(bind.host, ports.free())


def url(bind: Bind) -> str:
    """Return the URL under which this machine reaches what listens there."""
    return f"http://{Bind(_EVERY_ADDRESS.get(bind.host, bind.host), bind.port)}"
