"""The decisions: what each event of the host means, one pure function per event."""

from handlers.changes import NULL, Change, Delete, Mention, Move, Put
from handlers.reacting import Reaction, Transition, reacts_to
from handlers.registry import Handler, handles

__all__ = [
    "NULL",
    "Change",
    "Delete",
    "Handler",
    "Mention",
    "Move",
    "Put",
    "Reaction",
    "Transition",
    "handles",
    "reacts_to",
]
