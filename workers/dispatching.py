"""Have a worker publish what is to be reacted to, if anybody reacts to anything."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from broker.call import first
from broker.publisher import Publisher
from broker.reaction_topology import ReactionTopology
from broker.running import running
from config.settings import Settings
from handlers.packages import modules
from handlers.reacting import Reaction, reactions_in
from health.routes import Check
from state.documents import Db
from state.store import Store
from workers.outbox import Dispatcher

#: How long MongoDB and RabbitMQ may take for the last ones, in seconds.
CLOSE_SECONDS = 5.0


def reactions_of(settings: Settings) -> list[Reaction]:
    """Return the reactions of our own and of the packages that are on."""
    return list(reactions_in(modules(settings.handler_packages)).values())


@contextmanager
def dispatching(
    settings: Settings, db: Db, reactions: Sequence[Reaction], *, name: str
) -> Iterator[Dispatcher | None]:
    """Yield what publishes transitions; None where nobody reacts, at no cost."""
    if not reactions:
        yield None
        return
    topology = ReactionTopology(settings.amqp_prefix)
    publisher = Publisher(
        settings.amqp_url,
        topology,
        name=f"{name} reactions",
        confirm_seconds=settings.confirm_seconds,
    )
    dispatcher = Dispatcher(
        db, reactions, lambda call: publisher.send(first(call, topology))
    )
    with running(publisher, CLOSE_SECONDS), running(dispatcher, CLOSE_SECONDS):
        yield dispatcher


def tell(dispatcher: Dispatcher | None, store: Store) -> None:
    """Have published what the last writes left in outboxes."""
    if dispatcher is not None and (told := store.documents.take_told()):
        dispatcher.tell(told)


def check(dispatcher: Dispatcher | None) -> Check:
    """Return the check that transitions are published, or there are none to be."""
    return Check(
        "reactions",
        lambda: dispatcher is None or dispatcher.is_alive(),
        "Reactions are called no more, because of a bug that the log shows: start the "
        "worker anew, which calls those that are missing.",
    )
