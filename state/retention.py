"""Let rows of the ledger expire, some time after the host can send them again."""

from typing import Any

from state.client import translated
from state.documents import Db

#: What the index expires by before anybody chose, in days.
DEFAULT_DAYS = 30
SECONDS_PER_DAY = 86_400

#: The indexes by which rows of `deliveries` expire, and the field of each.
EXPIRY = {"expiry": "processed_at", "expiry_of_dropped": "dropped_at"}
#: All that the setting holds for: collection and index.
_KEPT_AS_LONG = (
    *(("deliveries", name) for name in EXPIRY),
    ("changes", "expiry"),
    ("letter_jobs", "expiry"),
)


def index_expiry(db: Db) -> None:
    """Make rows expire: those of dead letters only once these were dropped.

    Expired, the row of a dead letter would make it look as if nobody knew of it.
    """
    seconds = DEFAULT_DAYS * SECONDS_PER_DAY
    settled = ["applied", "duplicate", "stale", "ignored", "test"]
    db["deliveries"].create_index(
        EXPIRY["expiry"],
        name="expiry",
        expireAfterSeconds=seconds,
        partialFilterExpression={"outcome": {"$in": settled}},
    )
    db["deliveries"].create_index(
        EXPIRY["expiry_of_dropped"],
        name="expiry_of_dropped",
        expireAfterSeconds=seconds,
    )
    # What was begun is ended within seconds, or was removed from the queue by hand.
    db["suspects"].create_index("at", name="expiry", expireAfterSeconds=seconds)


def retain(db: Db, *, days: int) -> None:
    """Have the ledger keep each row for so many days; tombstones always stay.

    What was changed through the API is remembered for as long.
    """
    seconds = days * SECONDS_PER_DAY
    with translated():
        for collection, name in _KEPT_AS_LONG:
            found = db[collection].index_information()
            if found[name]["expireAfterSeconds"] != seconds:
                _change(db, collection, name, seconds)


def retained_days(db: Db) -> int:
    """Return for how many days the ledger keeps a row."""
    with translated():
        found: dict[str, Any] = db["deliveries"].index_information().get("expiry", {})
    return int(found.get("expireAfterSeconds", 0)) // SECONDS_PER_DAY or DEFAULT_DAYS


def _change(db: Db, collection: str, name: str, seconds: int) -> None:
    index = {"name": name, "expireAfterSeconds": seconds}
    db.command("collMod", collection, index=index)
