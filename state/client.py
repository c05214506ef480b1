"""Connect to MongoDB, and translate its errors at the border."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from bson.codec_options import CodecOptions
from bson.errors import BSONError, InvalidDocument
from pymongo import MongoClient, WriteConcern, timeout
from pymongo.database import Database
from pymongo.errors import (
    BulkWriteError,
    DocumentTooLarge,
    OperationFailure,
    PyMongoError,
)

from schemas.errors import ForgewireError, StateUnavailable, TookTooLong, Unstorable

#: How long to wait for a primary, for a connection and for an answer, in milliseconds.
SELECT_MS, CONNECT_MS, SOCKET_MS = 2_000, 2_000, 20_000
#: The driver and the server end what takes too long a little too early.
ROUNDING_SECONDS = 0.1


class BadAddress(ForgewireError):
    """Raised at start when the MongoDB URL cannot be understood."""


def connect(url: str, *, name: str) -> Database[dict[str, Any]]:
    """Return the database that `url` names (`forgewire` if none), majority-written.

    Nothing is sent yet: an unreachable server shows at the first call. Raise BadAddress
    if the driver cannot understand `url`.
    """
    client = _client(url, appname=name)
    return client.get_default_database(
        "forgewire",
        codec_options=CodecOptions(tz_aware=True),
        write_concern=WriteConcern(w="majority", j=True),
    )


def check(url: str) -> None:
    """Raise BadAddress if the driver cannot understand `url`; send nothing."""
    _client(url, connect=False).close()


def has_primary(db: Database[dict[str, Any]], *, seconds: float) -> bool:
    """Return whether MongoDB says within `seconds` that it takes writes."""
    try:
        with timeout(seconds):
            return bool(db.command("hello").get("isWritablePrimary"))
    except PyMongoError:
        return False


def _client(url: str, **options: Any) -> MongoClient[dict[str, Any]]:
    try:
        return MongoClient(
            url,
            serverSelectionTimeoutMS=SELECT_MS,
            connectTimeoutMS=CONNECT_MS,
            socketTimeoutMS=SOCKET_MS,
            tz_aware=True,
            **options,
        )
    except (PyMongoError, ValueError, OSError) as exc:
        # Its message, which may quote the password, must not follow as the cause.
        raise BadAddress(
            f"FORGEWIRE_MONGODB_URL: The driver refuses it ({type(exc).__name__})."
        ) from None


@contextmanager
def limited(seconds: float) -> Iterator[None]:
    """Raise TookTooLong if what the block asks takes longer than that in all."""
    end = time.monotonic() + seconds
    try:
        with timeout(seconds):
            yield
    except StateUnavailable as exc:
        # Else it is the server that is away.
        if time.monotonic() < end - ROUNDING_SECONDS:
            raise
        raise TookTooLong(f"MongoDB was asked for more than {seconds:g} s") from exc


@contextmanager
def translated() -> Iterator[None]:
    """Raise Unstorable for what MongoDB can never take, else StateUnavailable.

    Messages name the error, never a value: they travel into logs and dead letters.
    """
    try:
        yield
    except (InvalidDocument, DocumentTooLarge, BSONError, OverflowError) as exc:
        raise Unstorable(f"MongoDB cannot hold it: {type(exc).__name__}") from exc
    except UnicodeEncodeError as exc:
        raise Unstorable("MongoDB cannot hold it: text that is no Unicode") from exc
    except BulkWriteError as exc:
        raise _of_bulk(exc) from exc
    except OperationFailure as exc:
        raise _of_command(exc) from exc
    except PyMongoError as exc:
        raise StateUnavailable(f"MongoDB did not answer: {_why(exc)}") from exc


def _why(error: PyMongoError) -> str:
    # A mistake that no waiting mends, and that the driver hides in a long message.
    untrusted = "certificate verify failed" in str(error)
    name = type(error).__name__
    return f"{name}: certificate verify failed (tlsCAFile)" if untrusted else name


def is_duplicate(error: BulkWriteError) -> bool:
    """Return whether all that went wrong is documents that exist already."""
    details = error.details
    errors = details.get("writeErrors", ())
    return (
        bool(errors)
        and not details.get("writeConcernErrors")
        and all(failed["code"] == DUPLICATE_KEY for failed in errors)
    )


DUPLICATE_KEY = 11000
#: Codes of writes that failed for the server's sake, not the document's.
_SERVER_SIDE = frozenset({6, 7, 50, 64, 89, 91, 112, 189, 9001, 10107, 11600, 11602})


#: The code with which the server refuses a command whose document is too large.
_TOO_LARGE = 10334


def _of_command(error: OperationFailure) -> Unstorable | StateUnavailable:
    if error.code == _TOO_LARGE:
        return Unstorable("MongoDB cannot hold it: a document has more than 16 MiB")
    return StateUnavailable(f"MongoDB refused a command with code {error.code}")


def _of_bulk(error: BulkWriteError) -> Unstorable | StateUnavailable:
    details = error.details
    codes = {failed["code"] for failed in details.get("writeErrors", ())}
    if details.get("writeConcernErrors") or codes & (_SERVER_SIDE | {13435, 13436}):
        return StateUnavailable("MongoDB did not confirm a write by its majority")
    return Unstorable(f"MongoDB refused it with code {sorted(codes)}")
