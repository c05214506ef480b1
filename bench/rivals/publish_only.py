"""A Flask view that publishes by our publisher and waits: what a thread a hook allows.

What Forgewire's receiver does more is its own work: it finds out who sends and what,
tallies, counts and logs.
"""

import hmac
import os
import time
from itertools import count

from flask import Flask, Response, abort, request

from broker.message import Message
from broker.publisher import Publisher
from broker.topology import Topology

publisher = Publisher(
    os.environ["RIVAL_AMQP_URL"], Topology(os.environ["RIVAL_QUEUE"]), name="rival"
)
publisher.start()
publisher.wait_connected(20)
numbers = count(1)
app = Flask("rival", static_folder=None)


@app.post("/hooks/gitlab")
def receive() -> Response:
    given = request.headers.get("X-Gitlab-Token", "")
    if not hmac.compare_digest(given.encode(), os.environb[b"RIVAL_TOKEN"]):
        abort(401)
    message = Message(
        source="gitlab",
        event="push",
        delivery_id=request.headers["Idempotency-Key"],
        receipt=f"rival.{next(numbers)}",
        received_at=time.time_ns() // 1_000,
        body=request.get_data(),
    )
    publisher.publish(message)
    return Response(status=202)
