"""Say what the trail notes of a request: no secret, no payload, and little of each."""

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from flask import current_app, request

from api.guard import PUBLIC
from api.problems import Refused

View = TypeVar("View", bound=Callable[..., Any])

#: So much of a text, and of a list, is noted.
MAX_CHARS, MAX_LISTED = 200, 100
_TELLS = "_trail_tells"
#: Names of parameters in a path that are secrets.
_SECRET = frozenset({"code"})
_INT64 = 1 << 63


def tells(*names: str) -> Callable[[View], View]:
    """Have the trail note the values of these members of the body.

    Of all others it notes the names only: they may be secrets, or payloads.
    """

    def mark(view: View) -> View:
        setattr(view, _TELLS, frozenset(names))
        return view

    return mark


def asked() -> dict[str, Any]:
    """Return the method, the route, and the parameters of the request, for its row."""
    rule = request.url_rule
    told = plain(_not_secret(request.view_args or {}))
    untold = sorted(set(request.args))
    body = None if request.endpoint in PUBLIC else _body()
    if body is not None:
        view = current_app.view_functions[str(request.endpoint)]
        listed: frozenset[str] = getattr(view, _TELLS, frozenset())
        told |= plain({name: body[name] for name in listed & body.keys()})
        untold += sorted(body.keys() - listed)
    if untold:
        told["others"] = [_text(name) for name in untold[:MAX_LISTED]]
    return {
        "method": request.method,
        "route": rule.rule if rule else None,
        "parameters": told,
    }


def _not_secret(values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if name not in _SECRET}


def _body() -> Mapping[str, Any] | None:
    """Return the JSON object that is sent, if one is."""
    try:
        body = request.get_json(silent=True)
    except RecursionError:
        title = "The body is nested too deeply"
        raise Refused(400, "too-deep", title) from None
    return body if isinstance(body, dict) else None


def plain(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return what MongoDB can hold of values that anybody may have sent."""
    return {name: _value(value) for name, value in values.items()}


def _value(value: Any) -> Any:
    if isinstance(value, list):
        listed = [_scalar(one) for one in value[:MAX_LISTED]]
        more = len(value) - len(listed)
        return [*listed, f"and {more} more"] if more else listed
    return _scalar(value)


def _scalar(value: Any) -> Any:
    if isinstance(value, str):
        return _text(value)
    if value is None or isinstance(value, bool | float):
        return value
    if isinstance(value, int):
        return value if -_INT64 <= value < _INT64 else _text(hex(value))
    return type(value).__name__


def _text(value: str) -> str:
    # A lone surrogate is no text to MongoDB.
    return value[:MAX_CHARS].encode(errors="replace").decode()
