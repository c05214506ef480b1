"""A Flask view that sends each hook to a Dramatiq actor.

As durable as ours: `confirm_delivery`, persistent messages (always so), and a quorum
queue, which Dramatiq has no setting for: its arguments are added where it makes them.
It keeps one connection for each thread. The view does not parse the body.
"""

import hmac
import os
from typing import Any

import dramatiq
from dramatiq.brokers.rabbitmq import RabbitmqBroker
from flask import Flask, Response, abort, request

QUEUE = os.environ["RIVAL_QUEUE"]


class QuorumBroker(RabbitmqBroker):
    """Dramatiq's broker on quorum queues."""

    def _build_queue_arguments(self, queue_name: str) -> dict[str, Any]:
        arguments = super()._build_queue_arguments(queue_name)
        return {**arguments, "x-queue-type": "quorum"}


dramatiq.set_broker(
    QuorumBroker(url=os.environ["RIVAL_AMQP_URL"], confirm_delivery=True)
)
app = Flask("rival", static_folder=None)


@dramatiq.actor(queue_name=QUEUE)
def work(body: str) -> None:
    """Stand for the actor; no worker runs here."""


@app.post("/hooks/gitlab")
def receive() -> Response:
    given = request.headers.get("X-Gitlab-Token", "")
    if not hmac.compare_digest(given.encode(), os.environb[b"RIVAL_TOKEN"]):
        abort(401)
    work.send(request.get_data(as_text=True))
    return Response(status=202)
