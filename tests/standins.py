"""Stand in for receiver, worker and API where a test is about their supervisor."""

import sys
from operator import attrgetter

from cli.local.roles import Role

#: Serves what the supervisor and its user ask for; `/die` ends it with exit code 3.
PROGRAM = """
import os, sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        if self.path == "/die":
            print("I was told to die", flush=True)
            os._exit(3)
        self.answer(200 if self.path == "/readyz" else 404)

    def do_POST(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        token = os.environ["FORGEWIRE_GITLAB_TOKENS"].split(",")[0]
        self.answer(202 if self.headers["X-Gitlab-Token"] == token else 401)

    def answer(self, status):
        self.send_response(status)
        self.send_header("Content-Length", "0")
        self.end_headers()

host, _, port = os.environ[sys.argv[1]].rpartition(":")
print("listening", flush=True)
ThreadingHTTPServer((host, int(port)), Handler).serve_forever()
"""


def _role(name, key, variable, bind):
    command = (sys.executable, "-c", PROGRAM, variable)
    return Role(name, key, variable, attrgetter(bind), command)


ROLES = (
    _role("receiver", "ingest", "FORGEWIRE_INGEST_BIND", "ingest_bind"),
    _role("API", "api", "FORGEWIRE_API_BIND", "api_bind"),
    _role("worker", "worker", "FORGEWIRE_WORKER_BIND", "worker_bind"),
)
