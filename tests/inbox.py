"""Take signed webhooks as another system would."""

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from standardwebhooks import Webhook

SECRET = "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="


class Inbox:
    """A server that keeps what it is sent, and answers as it is told, then 204."""

    def __init__(self):
        self.requests, self.answers = [], []
        inbox = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                inbox.requests.append((dict(self.headers), body))
                self.send_response(inbox.answers.pop(0) if inbox.answers else 204)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/rosebud"
        self.environ = {"ANNOUNCE_URL": self.url, "ANNOUNCE_SECRET": SECRET}
        threading.Thread(target=self.server.serve_forever, args=(0.01,)).start()

    def opened(self):
        """What it was sent by id, each verified; what is not raises."""
        return {
            headers["webhook-id"]: Webhook(SECRET).verify(body, headers)
            for headers, body in list(self.requests)
        }

    def ids(self):
        return [headers["webhook-id"] for headers, _ in self.requests]

    def close(self):
        self.server.shutdown()
        self.server.server_close()
