"""What the queues are declared to be."""

from types import SimpleNamespace

from pika import BasicProperties

from broker.dead_letters import Death, bury
from broker.topology import Topology


class Channel:
    """Writes down what is declared on it."""

    def __init__(self):
        self.arguments = {}

    def queue_declare(self, name, *, durable, arguments):
        assert durable
        self.arguments[name] = arguments

    def exchange_declare(self, *_, **__):
        pass

    def queue_bind(self, *_, **__):
        pass


def declared():
    channel = Channel()
    Topology("t").declare(channel, lambda: None)
    return channel.arguments


def test_dead_letters_never_expire_and_none_makes_room_for_another():
    assert declared()["t.dead-letters"].keys() == {
        "x-queue-type",
        "x-queue-leader-locator",
        "x-delivery-limit",
    }


def test_an_event_never_expires():
    limits = {"x-message-ttl", "x-expires", "x-max-length", "x-max-length-bytes"}

    assert declared()["t.events"].keys().isdisjoint(limits)


def test_a_dead_letter_leaves_the_expiry_of_its_message_behind():
    sent = []
    publisher = SimpleNamespace(topology=Topology("t"), send=sent.append)

    bury(publisher, BasicProperties(expiration="1"), b"", Death("x", "", None, 1))

    assert sent[0].properties.expiration is None
