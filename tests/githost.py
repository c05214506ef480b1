"""Stand in for a Git host: `python -m tests.githost PORT` signs in, knows tokens.

Real in what we rely on: clients, redirect URIs, one-use codes, PKCE, bearer tokens. Its
own page is `POST /_`, whose JSON object replaces parts of `SETUP`.
"""

import base64
import hashlib
import json
import secrets
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlencode, urlsplit

SETUP = {
    "client_id": "an-application",
    "client_secret": "its:secret+and%more",
    "redirect_uris": [],
    #: What /api/v4/user says, by user id.
    "people": {},
    #: What /api/v4/personal_access_tokens/self says, by token.
    "tokens": {},
    #: "ok"; "slow": answers only when it is "ok" again; "away": closes; "broken": 500,
    #: or any other status.
    "mode": "ok",
}


class GitHost(ThreadingHTTPServer):
    """What is known to all requests."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, port):
        super().__init__(("127.0.0.1", port), Handler)
        self.setup = json.loads(json.dumps(SETUP))
        self.changed = threading.Condition()
        self.codes = {}
        self.access = {}
        #: Each request: method, path, and the names of its headers.
        self.asked = []

    def change(self, told):
        with self.changed:
            self.setup.update(told)
            self.changed.notify_all()

    def wait_until_ok(self):
        with self.changed:
            self.changed.wait_for(lambda: self.setup["mode"] == "ok", timeout=60)


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        self.answer({}, parse_qs(urlsplit(self.path).query))

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if self.path == "/_":
            self.server.change(json.loads(body))
            return self.say(200, {})
        return self.answer(parse_qs(body.decode()), {})

    def answer(self, form, query):
        if self.path == "/_/asked":
            return self.say(200, self.server.asked)
        self.server.asked.append([self.command, self.path, sorted(self.headers.keys())])
        mode = self.server.setup["mode"]
        if mode == "away":
            self.close_connection = True
            return None
        status = 500 if mode == "broken" else mode
        if isinstance(status, int):
            return self.say(status, "<html>Whoops</html>")
        if mode == "slow":
            self.server.wait_until_ok()
        page = PAGES.get((self.command, urlsplit(self.path).path))
        told = {name: values[0] for name, values in (form | query).items()}
        if page is None:
            return self.say(404, {})
        status, body, *more = page(self, told)
        return self.say(status, body, **(more[0] if more else {}))

    def say(self, status, body, **headers):
        text = body if isinstance(body, str) else json.dumps(body)
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(text.encode())))
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(text.encode())

    def log_message(self, *_):
        """Stay silent."""


def authorize(request, told):
    """The page on which one agrees: without `as` a form, with it the way back."""
    setup = request.server.setup
    if told.get("client_id") != setup["client_id"]:
        return 401, "<html>unknown client</html>"
    if told.get("redirect_uri") not in setup["redirect_uris"]:
        return 400, "<html>unknown redirect URI</html>"
    if told.get("code_challenge_method") != "S256" or not told.get("state"):
        return 400, "<html>PKCE and state are wanted</html>"
    if "as" not in told:
        return 200, "<form><input name=as></form>"
    if told["as"] == "nobody":
        back = {"error": "access_denied", "state": told["state"]}
    else:
        code = secrets.token_hex(16)
        request.server.codes[code] = told
        back = {"code": code, "state": told["state"]}
    return 302, "", {"Location": f"{told['redirect_uri']}?{urlencode(back)}"}


def token(request, told):
    """The token endpoint."""
    setup = request.server.setup
    ours = {name: setup[name] for name in ("client_id", "client_secret")}
    if {name: told.get(name) for name in ours} != ours:
        return 401, {"error": "invalid_client"}
    # Whatever comes of it, a code is used up.
    begun = request.server.codes.pop(told.get("code"), None)
    digest = hashlib.sha256(told.get("code_verifier", "").encode()).digest()
    challenge = base64.urlsafe_b64encode(digest).decode().rstrip("=")
    if (
        begun is None
        or told.get("grant_type") != "authorization_code"
        or begun["redirect_uri"] != told.get("redirect_uri")
        or begun["code_challenge"] != challenge
    ):
        return 400, {"error": "invalid_grant", "error_description": "code is invalid"}
    access = f"oauth-{secrets.token_hex(16)}"
    request.server.access[access] = begun["as"]
    return 200, {"access_token": access, "token_type": "Bearer", "expires_in": 7200}


def user(request, _):
    """Whose access token, or personal access token, it is."""
    shown = shown_token(request)
    setup = request.server.setup
    owner = request.server.access.get(shown)
    if owner is None and shown in setup["tokens"]:
        owner = str(setup["tokens"][shown]["user_id"])
    found = setup["people"].get(owner)
    return (200, found) if found else (401, {"message": "401 Unauthorized"})


def personal_token(request, _):
    """What a personal access token is good for."""
    found = request.server.setup["tokens"].get(shown_token(request))
    return (200, found) if found else (401, {"message": "401 Unauthorized"})


def shown_token(request):
    bearer = request.headers.get("Authorization", "").removeprefix("Bearer ")
    return request.headers.get("PRIVATE-TOKEN") or bearer


PAGES = {
    ("GET", "/oauth/authorize"): authorize,
    ("POST", "/oauth/token"): token,
    ("GET", "/api/v4/user"): user,
    ("GET", "/api/v4/personal_access_tokens/self"): personal_token,
}

if __name__ == "__main__":
    GitHost(int(sys.argv[1])).serve_forever()
