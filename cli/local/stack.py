"""Run all of Forgewire, servers included, under one folder."""

from collections.abc import Callable, Container, Mapping, Sequence
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import Self

from cli.local import chosen, endpoints, lock, private, reload, roles, servers
from cli.local.endpoints import Endpoints
from cli.local.process import CannotRun, Child, fresh_log, wait_ready
from cli.local.roles import ROLES, Role, with_variables
from cli.local.screen import Screen
from cli.local.supervised import Supervised
from config.settings import load

READY_SECONDS = 60


class Stack:
    """RabbitMQ, MongoDB and the processes of Forgewire, for the time of a `with`.

    `environ` holds the variables of Forgewire: the folder is FORGEWIRE_DATA_DIR, a
    server with a URL there is not started, a port 0 means a free one. Entering raises
    CannotRun, SettingsError, or whatever the screen's pause raises. Enter it in the
    main thread.
    """

    endpoints: Endpoints
    folder: Path

    def __init__(
        self,
        environ: Mapping[str, str],
        *,
        screen: Screen,
        roles: Sequence[Role] = ROLES,
    ) -> None:
        self._environ = dict(environ)
        self._screen = screen
        self._roles = roles
        #: What runs, by name: "MongoDB", "RabbitMQ"; "receiver", "API", "worker".
        self.servers: dict[str, servers.Server] = {}
        self.processes: dict[str, Supervised] = {}
        self._undo = ExitStack()

    def __enter__(self) -> Self:
        with ExitStack() as undo:
            self._start(undo)
            self._undo = undo.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._undo.close()

    def check(self) -> None:
        """Start again what ended of ours; raise CannotRun when a server ended."""
        for name, server in self.servers.items():
            if server.node.exit_code is not None:
                raise server.node.failure(f"{name} is gone")
        for process in self.processes.values():
            if news := process.check():
                self._screen.say(news)

    def reload(self, keys: Container[str]) -> None:
        """Start roles anew, by their keys, if the handlers load; say what happens."""
        try:
            reload.check(self._environ)
            for role in reversed(self._roles):
                if role.key in keys:
                    self.processes[role.name].restart()
                    self._wait(role)
        except CannotRun as error:
            # What ended is started again in time, and a next change may mend it.
            self._screen.say(str(error))

    def log(self, name: str) -> Path:
        """Return where the output of a role or a server is, by its name."""
        return self.folder / "logs" / f"{name.lower()}.log"

    def _start(self, undo: ExitStack) -> None:
        self._environ = roles.with_free_ports(self._environ, self._roles)
        self.folder = chosen.folder(load(self._environ).data_dir)
        held = undo.enter_context(
            lock.held(self.folder / "lock", pause=self._screen.pause)
        )
        file = self.folder / "endpoints.json"
        undo.callback(file.unlink, missing_ok=True)
        self._environ = chosen.complete(
            self._environ, self.folder, self._roles, self._screen.say
        )
        self._start_servers(undo, held)
        self._start_processes(undo, held)
        self.endpoints = endpoints.of(load(self._environ), self._roles)
        private.write(file, self.endpoints.as_json())
        # Once more, so that it is the first to go.
        undo.callback(file.unlink, missing_ok=True)

    def _start_servers(self, undo: ExitStack, held: int) -> None:
        for kind in servers.missing(self._environ):
            self._screen.say(f"starting {kind.name} in {self.folder}")
            folder = self.folder / kind.name.lower()
            server = kind.launch(folder, self.log(kind.name), held)
            undo.callback(self._stop, kind.name, server.stop)
            self._environ = with_variables(self._environ, server.variables)
            self.servers[kind.name] = server
        for name, server in self.servers.items():
            with self._screen.waiting(name):
                server.wait(self._screen.pause)

    def _start_processes(self, undo: ExitStack, held: int) -> None:
        # The last to start is the first to stop.
        starting = list(reversed(self._roles))
        for role in starting:
            process = Supervised(self._starter(role, held))
            undo.callback(self._stop, f"the {role.name}", process.stop)
            self.processes[role.name] = process
        for role in starting:
            self._wait(role)

    def _wait(self, role: Role) -> None:
        url = roles.url(role.bind(load(self._environ)))
        with self._screen.waiting(f"the {role.name}"):
            self._await_ready(self.processes[role.name].child, url)

    def _starter(self, role: Role, held: int) -> Callable[[], Child]:
        return partial(
            Child,
            f"the {role.name}",
            role.command,
            env={**self._environ, "PYTHONUNBUFFERED": "1"},
            log=fresh_log(self.log(role.name)),
            inherit=(held,),
        )

    def _await_ready(self, child: Child, url: str) -> None:
        wait_ready(
            child,
            lambda: endpoints.is_ready(url),
            seconds=READY_SECONDS,
            pause=self._screen.pause,
        )

    def _stop(self, name: str, stop: Callable[[], None]) -> None:
        try:
            self._screen.say(f"stopping {name}")
        finally:
            # Even if nobody can be told, because the terminal is gone.
            stop()
