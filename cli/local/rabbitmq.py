"""Run a RabbitMQ node of one's own, as any user, under one folder."""

import shutil
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pika
from pika.exceptions import AMQPError

from cli.local import ports
from cli.local.process import CannotRun, Child, Pause, fresh_log, wait_ready

#: The server itself; the script of the same name in /usr/sbin switches the user.
SERVER = Path("/usr/lib/rabbitmq/bin/rabbitmq-server")
PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
#: Part of the data's path, so it never changes; each node has an epmd of its own.
NODE = "forgewire@localhost"
START_SECONDS = 60
STOP_SECONDS = 20
MISSING = (
    "RabbitMQ is not installed: run `apt-get install --no-install-recommends "
    "rabbitmq-server`, or set FORGEWIRE_AMQP_URL to a running one"
)


@dataclass(frozen=True, slots=True)
class RabbitMQ:
    """A node and its name server, launched but perhaps not yet ready."""

    port: int
    metrics_port: int
    node: Child
    epmd: Child

    @property
    def url(self) -> str:
        return f"amqp://guest:guest@{ports.HOST}:{self.port}/%2F"

    @property
    def metrics_url(self) -> str:
        """Return where its Prometheus plugin answers."""
        return f"http://{ports.HOST}:{self.metrics_port}"

    @property
    def variables(self) -> Mapping[str, str]:
        """Return the variables that lead our processes to it."""
        return {
            "FORGEWIRE_AMQP_URL": self.url,
            "FORGEWIRE_RABBITMQ_METRICS_URL": self.metrics_url,
        }

    def wait(self, pause: Pause = time.sleep) -> None:
        """Wait until clients can connect; raise CannotRun if the node dies."""
        wait_ready(self.node, self._connects, seconds=START_SECONDS, pause=pause)

    def stop(self) -> None:
        """Stop the node, then its name server."""
        self.node.stop(STOP_SECONDS)
        self.epmd.stop(1)

    def _connects(self) -> bool:
        # The port opens last of all, so pika need not log failures while we wait.
        if not ports.answers(self.port):
            return False
        try:
            pika.BlockingConnection(pika.URLParameters(self.url)).close()
        except AMQPError:
            return False
        return True


def start(
    folder: Path, *, program: Path = SERVER, pause: Pause = time.sleep
) -> RabbitMQ:
    """Start a node whose data is in `folder`, and return when it takes clients."""
    server = launch(folder, log=folder / "rabbitmq.log", program=program)
    try:
        server.wait(pause)
    except BaseException:
        server.stop()
        raise
    return server


def launch(
    folder: Path,
    *,
    log: Path,
    program: Path = SERVER,
    path: str = PATH,
    inherit: tuple[int, ...] = (),
) -> RabbitMQ:
    """Start a node without waiting for it; raise CannotRun when it is missing."""
    epmd = shutil.which("epmd", path=path)
    if epmd is None or not program.exists():
        raise CannotRun(MISSING)
    folder = folder.resolve()
    folder.mkdir(parents=True, exist_ok=True)
    port = ports.remembered(folder / "port")
    metrics_port = ports.remembered(folder / "metrics-port")
    names = _start_epmd(epmd, folder / "epmd.log")
    environment = {
        **_environment(folder, port, metrics_port),
        "ERL_EPMD_PORT": str(names.port),
    }
    node = Child(
        "RabbitMQ",
        [str(program)],
        env=environment,
        log=fresh_log(log),
        inherit=inherit,
    )
    return RabbitMQ(port, metrics_port, node, names.child)


@dataclass(frozen=True, slots=True)
class _NameServer:
    port: int
    child: Child


def _start_epmd(program: str, log: Path) -> _NameServer:
    # RabbitMQ would start one itself that outlives it and is shared by all nodes.
    port = ports.free()
    command = [program, "-address", ports.HOST, "-port", str(port)]
    child = Child("epmd", command, env={"PATH": PATH}, log=fresh_log(log))
    try:
        wait_ready(child, lambda: ports.answers(port), seconds=10)
    except BaseException:
        child.stop(1)
        raise
    return _NameServer(port, child)


def _environment(folder: Path, port: int, metrics_port: int) -> dict[str, str]:
    # Every place is named, so that nothing under /etc or /var is read or written, and
    # nothing is taken over from the environment of whoever starts the node.
    return {
        "PATH": PATH,
        "LANG": "C.UTF-8",
        "HOME": str(folder),
        "ERL_EPMD_ADDRESS": ports.HOST,
        "ERL_CRASH_DUMP_SECONDS": "0",
        # Erlang would start an epmd of its own, that nobody stops, if ours is gone.
        "ERL_ZFLAGS": "-start_epmd false",
        # So that the script becomes the node: a signal that comes before the script has
        # set its traps would end the script alone.
        "RUNNING_UNDER_SYSTEMD": "true",
        "RABBITMQ_NODENAME": NODE,
        "RABBITMQ_NODE_IP_ADDRESS": ports.HOST,
        "RABBITMQ_NODE_PORT": str(port),
        "RABBITMQ_DIST_PORT": str(ports.free()),
        "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": (
            "-kernel inet_dist_use_interface {127,0,0,1}"
        ),
        "RABBITMQ_MNESIA_BASE": str(folder / "mnesia"),
        "RABBITMQ_LOG_BASE": str(folder),
        "RABBITMQ_LOGS": "-",
        "RABBITMQ_PID_FILE": str(folder / "pid"),
        "RABBITMQ_GENERATED_CONFIG_DIR": str(folder / "config"),
        "RABBITMQ_SCHEMA_DIR": str(folder / "schema"),
        **_configuration(folder, port, metrics_port),
    }


def _configuration(folder: Path, port: int, metrics_port: int) -> dict[str, str]:
    settings = {
        "listeners.tcp.1": f"{ports.HOST}:{port}",
        "prometheus.tcp.ip": ports.HOST,
        "prometheus.tcp.port": metrics_port,
        # It would sum up every five seconds what only the management plugin shows.
        "management_agent.disable_metrics_collector": "true",
    }
    files = {
        "RABBITMQ_CONFIG_FILE": (
            "rabbitmq.conf",
            "".join(f"{name} = {value}\n" for name, value in settings.items()),
        ),
        "RABBITMQ_ADVANCED_CONFIG_FILE": ("advanced.config", "[].\n"),
        "RABBITMQ_ENABLED_PLUGINS_FILE": (
            "enabled_plugins",
            "[rabbitmq_prometheus].\n",
        ),
        "RABBITMQ_CONF_ENV_FILE": ("rabbitmq-env.conf", ""),
    }
    for name, text in files.values():
        (folder / name).write_text(text, encoding="ascii")
    return {variable: str(folder / name) for variable, (name, _) in files.items()}
