"""Stand in for a Git host that is asked about personal access tokens.

A process of its own: `python -m tests.githost_tokens PORT`. It answers as GitLab does:
`GET /api/v4/user` and `GET /api/v4/personal_access_tokens/self`.
"""

import contextlib
import json
import subprocess
import sys
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Lock

import requests

from cli.local import ports
from tests.processes import ROOT
from tests.receiver import until

SELF = "/api/v4/personal_access_tokens/self"
USER = "/api/v4/user"
#: Where a test says which tokens there are, and reads what was asked.
TOKENS, ASKED = "/stand-in/tokens", "/stand-in/asked"


class GitHost:
    """The process; `asked()` are the requests that it got."""

    def __init__(self):
        port = ports.free()
        self.url = f"http://127.0.0.1:{port}"
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.githost_tokens", str(port)], cwd=ROOT
        )

    def wait(self):
        def answers():
            with contextlib.suppress(requests.ConnectionError):
                return requests.get(self.url + ASKED, timeout=5).ok
            return False

        until(answers, "the Git host answers")
        return self

    def add(self, token, user_id, *, seconds=0.0, status=200, **told):
        """Have a token of a user; `told` changes what is said of token and user.

        Its answers take so many seconds, and have that status.
        """
        about = {
            "token": token,
            "seconds": seconds,
            "status": status,
            SELF: {
                "id": 7,
                "name": "tests",
                "revoked": told.get("revoked", False),
                "active": told.get("active", True),
                "scopes": told.get("scopes", ["read_user"]),
                "user_id": told.get("owner_id", user_id),
                "expires_at": told.get("expires_at"),
            },
            USER: {
                "id": user_id,
                "username": f"user-{user_id}",
                "state": told.get("state", "active"),
            },
        }
        requests.post(self.url + TOKENS, json=about, timeout=5).raise_for_status()

    def asked(self):
        return requests.get(self.url + ASKED, timeout=5).json()

    def stop(self):
        self.process.terminate()
        self.process.wait(10)


_tokens, _asked, _lock = {}, [], Lock()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        about = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        _tokens[about["token"]] = about
        self._answer(200, {})

    def do_GET(self):
        if self.path == ASKED:
            with _lock:
                return self._answer(200, _asked)
        with _lock:
            _asked.append([self.path, dict(self.headers)])
        given = self.headers.get("Authorization", "").removeprefix("Bearer ")
        about = _tokens.get(given)
        if about is None:
            return self._answer(401, {"message": "401 Unauthorized"})
        time.sleep(about["seconds"])
        return self._answer(about["status"], about[self.path])

    def _answer(self, status, body):
        data = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_):
        pass


if __name__ == "__main__":
    ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), _Handler).serve_forever()
