"""The least that could work: take a batch, write it in bulk, acknowledge it.

Neither validation nor rules of order, retries, dead letters, logs or metrics: the limit
of what one Python process does with pika and PyMongo on the machine. It reads what a
receiver published, waits for no batch to fill, and acknowledges what is written.
"""

import os
from collections import defaultdict
from typing import Any

import orjson
import pika
from pika.adapters.blocking_connection import BlockingChannel
from pymongo import UpdateOne
from pymongo.database import Database
from pymongo.errors import BulkWriteError

from bench.rivals import writes
from broker.envelope import decompress

PREFETCH, BATCH = 1_000, 500
DUPLICATE_KEY = 11000


def main() -> None:
    db = writes.connect(os.environ["MONGODB_URL"])
    connection = pika.BlockingConnection(pika.URLParameters(os.environ["AMQP_URL"]))
    channel = connection.channel()
    channel.basic_qos(prefetch_count=PREFETCH)
    batch: list[tuple[Any, Any, bytes]] = []

    def take(_: BlockingChannel, method: Any, properties: Any, body: bytes) -> None:
        batch.append((method, properties, body))
        if len(batch) == BATCH:
            work()

    def work() -> None:
        apply(db, batch)
        channel.basic_ack(batch[-1][0].delivery_tag, multiple=True)
        batch.clear()

    channel.basic_consume(os.environ["QUEUE"], take)
    while True:
        connection.process_data_events(time_limit=None if not batch else 0)
        if batch:
            work()


def apply(db: Database, batch: list[tuple[Any, Any, bytes]]) -> None:
    """Write a batch: each collection in one command, then the ledger in one."""
    upserts, rows = defaultdict(list), []
    for _, properties, body in batch:
        payload = orjson.loads(decompress(body, properties.content_encoding))
        about = writes.entity(properties.type, payload)
        upserts[about.collection].append(
            UpdateOne({"_id": about.id}, {"$set": about.fields}, upsert=True)
        )
        rows.append(writes.row(properties.message_id, properties.type, about))
    for name, operations in upserts.items():
        db[name].bulk_write(operations)
    try:
        db["deliveries"].insert_many(rows, ordered=False)
    except BulkWriteError as exc:
        errors = exc.details["writeErrors"]
        if any(error["code"] != DUPLICATE_KEY for error in errors):
            raise


if __name__ == "__main__":
    main()
