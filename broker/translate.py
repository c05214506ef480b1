"""Say pika's errors in our own words; no address with a password is among them."""

import re

from pika.adapters.utils.connection_workflow import (
    AMQPConnectionWorkflowFailed,
    AMQPConnectorPhaseErrorBase,
)
from pika.exceptions import AMQPConnectionError, ChannelClosed, ConnectionClosed

from broker.errors import ConnectionLost, NotConnected, TooLarge, TopologyConflict
from schemas.errors import BrokerUnavailable

PRECONDITION_FAILED = 406
_TOO_LARGE = re.compile(r"message size (\d+) is larger")


def never_opened(error: BaseException, where: str) -> BrokerUnavailable:
    """Return what to say when no connection to the address `where` came about."""
    return _caused(NotConnected(f"cannot connect to {where}: {_words(error)}"), error)


def closed(error: BaseException) -> BrokerUnavailable:
    """Return what to say when an open connection or channel was closed."""
    words = _words(error)
    if isinstance(error, ChannelClosed) and "inequivalent arg" in error.reply_text:
        text = f"an exchange or queue exists with other arguments: {words}"
        return _caused(TopologyConflict(text), error)
    return _caused(ConnectionLost(f"the connection was closed: {words}"), error)


def too_large(error: BaseException | None) -> int | None:
    """Return the size in bytes of the message that closed a channel by its size."""
    if not isinstance(error, ChannelClosed) or error.reply_code != PRECONDITION_FAILED:
        return None
    found = _TOO_LARGE.search(error.reply_text)
    return int(found[1]) if found else None


def again(error: BrokerUnavailable) -> BrokerUnavailable:
    """Return an equal error for one more thread to raise.

    One that is shared would collect the traceback of each that raises it.
    """
    return type(error)(*error.args)


def refusal(size: int | None) -> TooLarge:
    """Return what to say of the one message that was too large."""
    return TooLarge(f"RabbitMQ takes no message of {size} bytes (max_message_size)")


def _words(error: BaseException) -> str:
    if isinstance(error, ChannelClosed | ConnectionClosed):
        return f"{error.reply_code} {error.reply_text}"
    inner = _inner(error)
    if inner is not None:
        return _words(inner)
    return f"{type(error).__name__}: {error}"


def _inner(error: BaseException) -> BaseException | None:
    # pika wraps what went wrong up to three times, and shows nothing of it.
    match error:
        case AMQPConnectionWorkflowFailed(exceptions=[*_, last]):
            return last
        case AMQPConnectorPhaseErrorBase(exception=inner):
            return inner
        case AMQPConnectionError(args=(BaseException() as inner, *_)):
            return inner
    return None


def _caused(ours: BrokerUnavailable, error: BaseException) -> BrokerUnavailable:
    # Callbacks get errors as values, so that there is nothing to raise "from".
    ours.__cause__ = error
    return ours
