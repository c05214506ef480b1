"""A Flask view that reads the body and answers: what the server and Flask allow."""

from flask import Flask, Response, request

app = Flask("noop", static_folder=None)


@app.post("/hooks/gitlab")
def receive() -> Response:
    request.get_data()
    return Response(status=202)
