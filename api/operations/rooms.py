"""The rooms of the operations: what is under way, and what is done about it."""

from collections.abc import Callable, Sequence

from flask_smorest import Blueprint

from api.operations import (
    audit,
    catalogue,
    changes,
    deliveries,
    drop,
    letters,
    queues,
    replay,
    sending,
)
from api.services import Services

ROOMS: Sequence[Callable[[Services], Blueprint]] = (
    catalogue.blueprint,
    sending.blueprint,
    deliveries.blueprint,
    letters.blueprint,
    replay.blueprint,
    drop.blueprint,
    queues.blueprint,
    audit.blueprint,
    changes.blueprint,
)
