"""The parts of what is in RabbitMQ: events, and the calls of reactions to changes."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from broker.reaction_topology import ReactionTopology
from broker.topology import Topology
from operations.contracts.messages import CALL, DEAD_CALL, DEAD_LETTER


@dataclass(frozen=True, slots=True)
class Part:
    """One topology, what is in it, and who sends and takes that."""

    topology: Topology
    #: How the routing keys of its topic exchange are made, and of what.
    address: str
    parameters: Mapping[str, str]
    #: Which messages there are in an exchange or queue, by its name.
    carried: Mapping[str, Sequence[str]]
    #: Operations by their ids: the exchange that is sent to, and what for.
    sends: Mapping[str, tuple[str, str]]
    #: The same of queues: those that are taken from, and those that are sent to.
    takes: Mapping[str, tuple[str, str]]
    delays: Mapping[str, tuple[str, str]]


def events_part(prefix: str, events: Iterable[str]) -> Part:
    """Return the part of what the host sends."""
    topology = Topology(prefix)
    return Part(
        topology,
        address="{source}.{event}",
        parameters={
            "source": "The Git host, as our settings call it.",
            "event": "The name of the event.",
        },
        carried={
            topology.events: sorted(events),
            topology.dead_letters: [DEAD_LETTER],
        },
        sends={
            "accept": (topology.events, "A receiver accepts what the host sends."),
            "bury": (
                topology.dead_letters,
                "A worker sets aside what it cannot apply.",
            ),
        },
        takes={
            "apply": (topology.events, "A worker writes what an event changes."),
            "look-after": (topology.dead_letters, "People send or drop dead letters."),
        },
        delays={},
    )


def reactions_part(prefix: str) -> Part:
    """Return the part of the reactions to what was written; empty where nobody reacts.

    Its exchanges and queues are declared by the first worker that has a reaction.
    """
    topology = ReactionTopology(prefix)
    tiers = {seconds: topology.retry(seconds) for seconds in topology.tiers}
    return Part(
        topology,
        address="{collection}.{kind}",
        parameters={
            "collection": "The collection of the document.",
            "kind": "What became of it: created, changed or deleted.",
        },
        carried={
            topology.events: [CALL],
            topology.dead_letters: [DEAD_CALL],
            **{queue: [CALL] for queue in tiers.values()},
        },
        sends={
            "call": (topology.events, "A worker calls who reacts to what it wrote."),
            "give-up": (topology.dead_letters, "A reactor sets aside what failed."),
        },
        takes={"react": (topology.events, "A reactor runs the reaction.")},
        delays={
            f"retry-{seconds}s": (queue, f"A reactor tries again {seconds} s later.")
            for seconds, queue in tiers.items()
        },
    )
