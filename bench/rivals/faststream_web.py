"""A Starlette view that sends each hook through FastStream's publisher.

As durable as ours: a quorum queue, persistent messages, and publisher confirms (on by
default), so that `publish` returns when RabbitMQ has confirmed; a message that no queue
takes is an error. One channel, whose confirms are pipelined by the event loop.
"""

import hmac
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from faststream.rabbit import Channel, QueueType, RabbitBroker, RabbitQueue
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

QUEUE = RabbitQueue(
    os.environ["RIVAL_QUEUE"], queue_type=QueueType.QUORUM, durable=True
)
broker = RabbitBroker(
    os.environ["RIVAL_AMQP_URL"],
    default_channel=Channel(publisher_confirms=True, on_return_raises=True),
    logger=None,
)


async def receive(request: Request) -> Response:
    given = request.headers.get("X-Gitlab-Token", "")
    if not hmac.compare_digest(given.encode(), os.environb[b"RIVAL_TOKEN"]):
        return Response(status_code=401)
    await broker.publish(
        await request.body(),
        QUEUE,
        persist=True,
        message_id=request.headers["Idempotency-Key"],
        content_type="application/json",
    )
    return Response(status_code=202)


@asynccontextmanager
async def connected(_: Starlette) -> AsyncIterator[None]:
    async with broker:
        await broker.declare_queue(QUEUE)
        yield


app = Starlette(
    routes=[Route("/hooks/gitlab", receive, methods=["POST"])], lifespan=connected
)
