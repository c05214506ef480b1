"""Three RabbitMQ nodes on this machine that form a cluster, and can be broken."""

import json
import subprocess
import time
from pathlib import Path

from cli.local import ports, rabbitmq
from cli.local.process import CannotRun, Child, fresh_log
from cli.local.rabbitmq import RabbitMQ
from tests.chaos import children
from tests.rabbit import CTL

SIZE = 3
#: A node that starts waits for the others, so three need longer than one.
START_SECONDS = 120
#: One scheduler each, that never spins: the machine is small.
ERLANG = "+S 1:1 +SDio 1 +sbwt none +sbwtdcpu none +sbwtdio none"
CLUSTER = """\
cluster_formation.peer_discovery_backend = classic_config
cluster_formation.classic_config.nodes.1 = forgewire0@localhost
cluster_formation.classic_config.nodes.2 = forgewire1@localhost
cluster_formation.classic_config.nodes.3 = forgewire2@localhost
cluster_partition_handling = pause_minority
"""


class Rabbits:
    """A cluster; its nodes are named by their numbers, 0 to 2."""

    def __init__(self, folder: Path, *, size=SIZE, config=CLUSTER) -> None:
        """Launch all nodes at once; `wait` for them."""
        self._config = config
        self._home = folder.resolve()
        self._home.mkdir(parents=True)
        self._share_cookie()
        epmd = rabbitmq._start_epmd("/usr/bin/epmd", self._home / "epmd.log")
        self._epmd, self._epmd_port = epmd.child, epmd.port
        self._ports = [ports.free() for _ in range(size)]
        self._metrics_ports = [ports.free() for _ in range(size)]
        self._environments = [self._environment(number) for number in range(size)]
        self._nodes = [self._launch(number) for number in range(size)]

    @property
    def ports(self):
        """Where the nodes listen."""
        return tuple(self._ports)

    @property
    def numbers(self):
        return range(len(self._ports))

    def wait(self):
        """Wait until every node takes clients and knows all the others."""
        for number in self.numbers:
            self.wait_node(number)
        # A node that found nobody would have made a cluster of its own.
        others = self.ctl(0, "eval", "length(nodes()).").strip()
        if others != str(len(self._ports) - 1):
            raise CannotRun(f"the nodes formed no cluster: {others} others at 0")
        return self

    def wait_node(self, number, seconds=START_SECONDS):
        node = self._nodes[number]
        single = RabbitMQ(
            self._ports[number], self._metrics_ports[number], node, self._epmd
        )
        end = time.monotonic() + seconds
        while not single._connects():
            if node.exit_code is not None or time.monotonic() > end:
                raise node.failure(f"RabbitMQ node {number} is not ready")
            time.sleep(0.2)

    def kill(self, *numbers):
        for number in numbers:
            self._nodes[number].kill()

    def start(self, *numbers):
        """Start nodes that were killed; they come back with what they had."""
        for number in numbers:
            self._nodes[number] = self._launch(number)

    def freeze(self, number):
        children.freeze(self._nodes[number])

    def thaw(self, number):
        children.thaw(self._nodes[number])

    def leader(self, queue):
        """Return the number of the node that leads a quorum queue."""
        listed = self.ctl(0, "list_queues", "name", "leader", "--formatter", "json")
        leaders = {row["name"]: row["leader"] for row in json.loads(listed)}
        return int(leaders[queue].partition("@")[0].removeprefix("forgewire"))

    def members(self, queue):
        """Return how many nodes hold a copy of a quorum queue."""
        listed = self.ctl(0, "list_queues", "name", "members", "--formatter", "json")
        members = {row["name"]: row["members"] for row in json.loads(listed)}
        return len(members[queue])

    def ctl(self, number, *command):
        """Run rabbitmqctl against a node, and return what it prints."""
        done = subprocess.run(
            [CTL, "-q", *command],
            env=self._environments[number],
            check=True,
            capture_output=True,
            text=True,
            timeout=60,
        )
        return done.stdout

    def stop(self):
        """End all nodes at once, as nobody wants their data."""
        for node in self._nodes:
            children.thaw(node)
            node.kill()
        self._epmd.stop(1)

    def _share_cookie(self):
        # Each node would make one, and none would talk to the others.
        cookie = self._home / ".erlang.cookie"
        cookie.write_text("FORGEWIRECHAOS")
        cookie.chmod(0o400)

    def _environment(self, number):
        folder = self._home / str(number)
        folder.mkdir()
        environment = rabbitmq._environment(
            folder, self._ports[number], self._metrics_ports[number]
        )
        with (folder / "rabbitmq.conf").open("a") as config:
            config.write(self._config)
        arguments = environment["RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS"]
        return environment | {
            "HOME": str(self._home),
            "ERL_EPMD_PORT": str(self._epmd_port),
            "RABBITMQ_NODENAME": f"forgewire{number}@localhost",
            "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": f"{ERLANG} {arguments}",
        }

    def _launch(self, number):
        return Child(
            f"RabbitMQ node {number}",
            [str(rabbitmq.SERVER)],
            env=self._environments[number],
            log=fresh_log(self._home / f"rabbitmq-{number}.log"),
        )
