"""Say what the routes of signing in take and answer."""

import re

from marshmallow import EXCLUDE, Schema, ValidationError, fields, validate

#: Plain ASCII that begins with one slash. Browsers take a backslash for another one,
#: and leave out tabs and line ends.
LOCAL_PATH = r"/([!-.0-\[\]-~][!-\[\]-~]*)?"
#: Longer than any URL that a browser should be sent to.
_MAX_CHARS = 2_000


def is_local_path(text: str) -> bool:
    """Return whether a browser stays with us that goes to `text`."""
    return len(text) <= _MAX_CHARS and bool(re.fullmatch(LOCAL_PATH, text))


def local_path(text: str) -> None:
    """Raise ValidationError unless a browser stays with us that goes to `text`."""
    if not is_local_path(text):
        raise ValidationError("Not a path of this host, which begins with one slash.")


class StartSchema(Schema):
    """How a browser begins."""

    class Meta:
        unknown = EXCLUDE

    next = fields.String(
        load_default="/",
        validate=[validate.Length(max=_MAX_CHARS), local_path],
        metadata={
            "description": "The path to go to in the end.",
            "pattern": f"^{LOCAL_PATH}$",
        },
    )


class BackSchema(Schema):
    """What somebody comes back with from the provider."""

    class Meta:
        unknown = EXCLUDE

    code = fields.String(load_default="", metadata={"description": "From there."})
    state = fields.String(load_default="", metadata={"description": "From here."})
    error = fields.String(
        load_default="", metadata={"description": "Why there is no code."}
    )


class FrontEndSchema(Schema):
    """How a front end begins."""

    class Meta:
        unknown = EXCLUDE

    redirect_uri = fields.String(
        load_default="",
        metadata={
            "description": "One of FORGEWIRE_FRONTEND_URLS; the first if not given."
        },
    )


class CodeSchema(Schema):
    """What a front end was brought."""

    class Meta:
        unknown = EXCLUDE

    code = fields.String(load_default="", metadata={"description": "From there."})
    state = fields.String(load_default="", metadata={"description": "From here."})


class ProviderSchema(Schema):
    name = fields.String(required=True)
    start = fields.String(
        required=True, metadata={"description": "Where a browser begins."}
    )


class ProvidersSchema(Schema):
    """Where people sign in."""

    providers = fields.List(fields.Nested(ProviderSchema), required=True)


class AuthorizationSchema(Schema):
    """Where a front end sends the browser."""

    authorization_url = fields.String(required=True)


class SignedInSchema(Schema):
    """A token, and whose it is."""

    jwt = fields.String(required=True)
    user_id = fields.String(required=True, metadata={"example": "gitlab:41"})


class SessionSchema(Schema):
    """Who is signed in."""

    user_id = fields.String(required=True, metadata={"example": "gitlab:41"})
    username = fields.String(required=True, allow_none=True)
    role = fields.String(required=True)
    expires_at = fields.AwareDateTime(required=True)
    csrf_token = fields.String(
        required=True,
        allow_none=True,
        metadata={
            "description": "For X-CSRFToken; null if the request brings a bearer token,"
            " which needs none."
        },
    )


class SignedOutSchema(Schema):
    """What is left to do after signing out."""

    end_session_url = fields.String(
        required=True,
        allow_none=True,
        metadata={"description": "Where the session at the issuer is ended, too."},
    )
