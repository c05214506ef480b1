"""What is done to the installation: each fault breaks, waits by `yield`, and mends."""

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from cli.local.process import CannotRun
from tests.chaos.site import HEARTBEAT_SECONDS, QUEUE, Site
from tests.chaos.skewed import OFFSET_FILE

#: Longer than any heartbeat here, and than an election.
HANG_SECONDS = 3 * HEARTBEAT_SECONDS
#: How long a supervisor takes to start again what died.
ABSENT_SECONDS = 2


@dataclass(frozen=True, slots=True)
class Fault:
    """A name for people, and a generator of the seconds to wait between its steps."""

    name: str
    steps: Callable[[Site], Iterator[float]]


def kill_receiver(site):
    site.receivers[0].kill()
    yield ABSENT_SECONDS
    site.receivers[0].start()


def kill_worker(site):
    site.workers[0].kill()
    yield ABSENT_SECONDS
    site.workers[0].start()


def kill_leader(site):
    number = site.rabbits.leader(QUEUE)
    site.rabbits.kill(number)
    yield ABSENT_SECONDS
    site.rabbits.start(number)
    site.rabbits.wait_node(number)


def kill_primary(site):
    number = site.mongos.primary()
    site.mongos.kill(number)
    yield ABSENT_SECONDS
    site.mongos.start(number)
    site.mongos.wait_primary()


def hang_receiver(site):
    site.receivers[0].freeze()
    yield HANG_SECONDS
    site.receivers[0].thaw()


def hang_worker(site):
    site.workers[0].freeze()
    yield HANG_SECONDS
    site.workers[0].thaw()


def hang_leader(site):
    number = site.rabbits.leader(QUEUE)
    site.rabbits.freeze(number)
    yield HANG_SECONDS
    site.rabbits.thaw(number)


def hang_primary(site):
    number = site.mongos.primary()
    site.mongos.freeze(number)
    yield HANG_SECONDS
    site.mongos.thaw(number)


def restart_broker(site):
    every = site.rabbits.numbers
    site.rabbits.kill(*every)
    yield ABSENT_SECONDS
    site.rabbits.start(*every)
    for number in every:
        site.rabbits.wait_node(number)


def lose_majority(site):
    leader = site.rabbits.leader(QUEUE)
    lost = [number for number in site.rabbits.numbers if number != leader]
    site.rabbits.kill(*lost)
    yield 20
    site.rabbits.start(*lost)
    for number in site.rabbits.numbers:
        site.rabbits.wait_node(number)


def alarm_memory(site):
    site.rabbits.ctl(0, "set_vm_memory_high_watermark", "0.0001")
    yield 10
    site.rabbits.ctl(0, "set_vm_memory_high_watermark", "0.4")


def step_down(site):
    site.mongos.step_down()
    yield ABSENT_SECONDS
    site.mongos.wait_primary()


def cut_wires(site):
    for _ in range(3):
        for wire in site.wires:
            wire.cut()
        yield 1


def stall_wires(site):
    for wire in site.wires:
        wire.stall()
    yield HANG_SECONDS
    for wire in site.wires:
        wire.flow()


def half_open_wires(site):
    for wire in site.wires:
        wire.half_open()
    yield HANG_SECONDS


def kill_receiver_with_spool(site):
    """Kill a receiver that holds what RabbitMQ could not take, and start it again."""
    for wire in site.wires:
        wire.refuse()
    yield 4
    site.receivers[0].kill()
    yield ABSENT_SECONDS
    site.receivers[0].start()
    yield 2
    for wire in site.wires:
        wire.admit()


def lose_database(site):
    every = site.mongos.numbers
    for number in every:
        site.mongos.kill(number)
    yield 20
    for number in every:
        site.mongos.start(number)
    site.mongos.wait_primary()


def fill_spools(site):
    """Take the broker away while the spools' disks are full, then make room."""
    for number in range(2):
        _fill(site.spool(number) / "ballast")
    for wire in site.wires:
        wire.refuse()
    yield 8
    for number in range(2):
        (site.spool(number) / "ballast").unlink()
    yield 2
    for wire in site.wires:
        wire.admit()


def step_clock_back(site):
    """Step a receiver's clock back by an hour while it runs, and forth again."""
    clock = site.folder / "clock"
    clock.write_text("0")
    site.receivers[0].restart("tests.chaos.skewed", **{OFFSET_FILE: str(clock)})
    yield 4
    clock.write_text("-3600")
    yield 6
    if not site.hooks_of_an_hour_ago():
        raise CannotRun("the receiver's clock was not stepped back")
    clock.write_text("0")
    yield 1
    site.receivers[0].restart()


def _fill(path):
    with contextlib.suppress(OSError), path.open("wb", buffering=0) as file:
        while True:
            file.write(bytes(1 << 16))


FAULTS = (
    Fault("receiver killed (SIGKILL)", kill_receiver),
    Fault("worker killed", kill_worker),
    Fault("RabbitMQ leader killed", kill_leader),
    Fault("MongoDB primary killed", kill_primary),
    Fault("receiver hangs (SIGSTOP)", hang_receiver),
    Fault("worker hangs", hang_worker),
    Fault("RabbitMQ leader hangs", hang_leader),
    Fault("MongoDB primary hangs", hang_primary),
    Fault("all of RabbitMQ killed and started", restart_broker),
    Fault("RabbitMQ without majority for 20 s", lose_majority),
    Fault("RabbitMQ short of memory", alarm_memory),
    Fault("MongoDB primary steps down", step_down),
    Fault("connections to RabbitMQ cut", cut_wires),
    Fault("connections to RabbitMQ stalled", stall_wires),
    Fault("connections to RabbitMQ half open", half_open_wires),
    Fault("RabbitMQ away and receiver killed", kill_receiver_with_spool),
    Fault("RabbitMQ away and spool disk full", fill_spools),
    Fault("all of MongoDB gone for 20 s", lose_database),
    Fault("receiver's clock back by an hour", step_clock_back),
)
