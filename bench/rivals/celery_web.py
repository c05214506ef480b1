"""A Flask view that sends each hook to a Celery task.

As durable as ours: a quorum queue, persistent messages, and `confirm_publish`, so that
`apply_async` returns when RabbitMQ has confirmed. Threads share a pool of 10
connections, the default of `broker_pool_limit`: with one for each thread, as the guide
on optimizing has it, half as many hooks a second were sent. The view does not parse the
body, and `argsrepr` spares its repr in the message's headers.
"""

import hmac
import os

from celery import Celery
from flask import Flask, Response, abort, request

tasks = Celery("rival", broker=os.environ["RIVAL_AMQP_URL"])
tasks.conf.update(
    broker_transport_options={"confirm_publish": True},
    task_default_queue=os.environ["RIVAL_QUEUE"],
    task_default_queue_type="quorum",
    task_default_delivery_mode="persistent",
    task_ignore_result=True,
)
app = Flask("rival", static_folder=None)


@tasks.task
def work(body: str) -> None:
    """Stand for the task; no worker runs here."""


@app.post("/hooks/gitlab")
def receive() -> Response:
    given = request.headers.get("X-Gitlab-Token", "")
    if not hmac.compare_digest(given.encode(), os.environb[b"RIVAL_TOKEN"]):
        abort(401)
    body = request.get_data(as_text=True)
    key = request.headers["Idempotency-Key"]
    work.apply_async((body,), task_id=key, argsrepr="(body)")
    return Response(status=202)
