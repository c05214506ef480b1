"""Lead who is not signed in to where one signs in, and from there back."""

from urllib.parse import quote, urlencode, urlsplit

from flask import Response, request

from api.console.console import is_partial
from api.guard import SAFE
from api.login.schemas import is_local_path

SIGN_IN = "/console/sign-in"
HOME = "/console/"


def local(path: str) -> str:
    """Return `path` if a browser stays with us that goes there, else our first page."""
    return path if is_local_path(path) else HOME


def to_sign_in() -> Response:
    """Send the browser to where one signs in, and from there back to where it was."""
    url = f"{SIGN_IN}?{urlencode({'next': local(_here())})}"
    if is_partial():
        # A redirect would put that page into this one.
        return Response(status=401, headers={"HX-Redirect": url})
    return Response(status=303, headers={"Location": url})


def _here() -> str:
    if is_partial():
        parts = urlsplit(request.headers.get("HX-Current-URL", ""))
        path, query = parts.path, parts.query
    elif request.method in SAFE:
        path = quote(request.path)
        query = request.query_string.decode("ascii", "replace")
    else:
        path, query = HOME, ""
    return f"{path}?{query}" if query else path
