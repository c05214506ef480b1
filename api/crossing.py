"""Let pages of other origins call the API, if the settings name them: CORS."""

from collections.abc import Collection

from flask import Flask, Response, request

#: Where such a page sends a cookie: the one that a sign-in under way is bound to.
SIGN_IN = frozenset({"login.begin", "login.end", "login.end_alias"})
#: What such a page may send and read. Elsewhere it brings a token, never our cookies.
METHODS = "GET, HEAD, POST, PUT, PATCH, DELETE"
SENT = "Authorization, Content-Type, If-None-Match"
READ = "Link, ETag, Retry-After"
#: How long a browser may remember what it was told, in seconds.
MAX_AGE = "600"


def install(app: Flask, origins: Collection[str]) -> None:
    """Answer pages of these origins, exactly; none: no page of any other origin."""
    if not origins:
        return

    @app.before_request
    def answer_preflight() -> Response | None:
        if not (_is_preflight() and request.headers.get("Origin") in origins):
            # To the guard it is a request like any other.
            return None
        answer = Response(status=204)
        answer.headers["Access-Control-Allow-Methods"] = METHODS
        answer.headers["Access-Control-Allow-Headers"] = SENT
        answer.headers["Access-Control-Max-Age"] = MAX_AGE
        return answer

    @app.after_request
    def allow(answer: Response) -> Response:
        answer.vary.add("Origin")
        origin = request.headers.get("Origin")
        if origin in origins:
            answer.headers["Access-Control-Allow-Origin"] = origin
            answer.headers["Access-Control-Expose-Headers"] = READ
            answer.headers.update(_with_cookies())
        return answer


def _with_cookies() -> dict[str, str]:
    allowed = {"Access-Control-Allow-Credentials": "true"}
    return allowed if request.endpoint in SIGN_IN else {}


def _is_preflight() -> bool:
    asks = "Access-Control-Request-Method" in request.headers
    return request.method == "OPTIONS" and asks
