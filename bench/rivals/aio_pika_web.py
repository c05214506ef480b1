"""A Starlette view that publishes each hook by aio-pika, which FastStream builds on.

As durable as ours: a quorum queue, persistent messages, and publisher confirms (on by
default), so that `publish` returns when RabbitMQ has confirmed; a message that no queue
takes is an error. One channel, whose confirms are pipelined by the event loop.
"""

import hmac
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import aio_pika
from aio_pika.abc import AbstractExchange
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

QUEUE = os.environ["RIVAL_QUEUE"]


async def receive(request: Request) -> Response:
    given = request.headers.get("X-Gitlab-Token", "")
    if not hmac.compare_digest(given.encode(), os.environb[b"RIVAL_TOKEN"]):
        return Response(status_code=401)
    message = aio_pika.Message(
        await request.body(),
        delivery_mode=aio_pika.DeliveryMode.PERSISTENT,
        message_id=request.headers["Idempotency-Key"],
        content_type="application/json",
    )
    await request.state.exchange.publish(message, QUEUE)
    return Response(status_code=202)


@asynccontextmanager
async def connected(_: Starlette) -> AsyncIterator[dict[str, AbstractExchange]]:
    connection = await aio_pika.connect_robust(os.environ["RIVAL_AMQP_URL"])
    async with connection:
        channel = await connection.channel(
            publisher_confirms=True, on_return_raises=True
        )
        arguments = {"x-queue-type": "quorum"}
        await channel.declare_queue(QUEUE, durable=True, arguments=arguments)
        yield {"exchange": channel.default_exchange}


app = Starlette(
    routes=[Route("/hooks/gitlab", receive, methods=["POST"])], lifespan=connected
)
