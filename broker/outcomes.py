"""Say in one word what became of a message that was handed to a publisher."""

from broker.errors import Blocked, Refused, Returned, TooLarge, TooLate, Unsendable

CONFIRMED = "confirmed"
#: Whatever else kept the connection from taking it.
DISCONNECTED = "disconnected"

_WORDS: dict[type, str] = {
    type(None): CONFIRMED,
    Returned: "returned",
    Refused: "nacked",
    TooLate: "late",
    Blocked: "blocked",
    Unsendable: "unsendable",
    TooLarge: "unsendable",
}
#: All words that there are.
OUTCOMES = (*dict.fromkeys(_WORDS.values()), DISCONNECTED)


def outcome_of(error: BaseException | None) -> str:
    """Return the word for what prevented a confirm; None means that it came."""
    return _WORDS.get(type(error), DISCONNECTED)
