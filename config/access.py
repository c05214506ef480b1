"""Read how people and programs get at the API: tokens, sign-in, exchange, limits."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from ipaddress import IPv4Network, IPv6Network
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from environs import ValidationError, validate

from config import parse
from config.reader import Reader

#: What a person or program may do; each may do what those before it may.
ROLES = ("viewer", "operator", "admin")
#: A token lives no longer than this.
MAX_TOKEN_SECONDS = 3600
#: The name of the file in the data folder that holds our keys.
KEYS_FILE = "jwt-keys.json"

EXAMPLES: Mapping[str, str] = {
    "FORGEWIRE_PUBLIC_URL": "https://forgewire.example.com",
    "FORGEWIRE_JWT_KEYS_PATH": "/var/lib/forgewire/jwt-keys.json",
    "FORGEWIRE_JWT_AUDIENCE": "forgewire",
    "FORGEWIRE_TOKEN_SECONDS": "3600",
    "FORGEWIRE_DEFAULT_ROLE": "viewer",
    "FORGEWIRE_GITLAB_URL": "https://gitlab.example.com",
    "FORGEWIRE_GITLAB_CLIENT_ID": "the application's id at the Git host",
    "FORGEWIRE_GITLAB_CLIENT_SECRET": "the application's secret",
    "FORGEWIRE_OIDC_ISSUER": "https://id.example.com",
    "FORGEWIRE_OIDC_CLIENT_ID": "forgewire",
    "FORGEWIRE_OIDC_CLIENT_SECRET": "the client's secret",
    "FORGEWIRE_OIDC_USER_CLAIM": "sub",
    "FORGEWIRE_OIDC_ROLES_CLAIM": "groups",
    "FORGEWIRE_OIDC_ROLES": "git-admins=admin,on-call=operator",
    "FORGEWIRE_TOKENS_ENABLED": "true",
    "FORGEWIRE_UPSTREAM_URL": "https://other.example.com",
    "FORGEWIRE_UPSTREAM_TOKEN": "a token that the other instance takes",
    "FORGEWIRE_ALLOW_PRIVATE_ENDPOINTS": "false",
    "FORGEWIRE_FRONTEND_URLS": "https://ui.example.com/callback",
    "FORGEWIRE_CORS_ORIGINS": "https://ui.example.com",
    "FORGEWIRE_LOGIN_RATE": "20/minute",
    "FORGEWIRE_TRUSTED_PROXIES": "10.0.0.7,2001:db8::/64",
    "FORGEWIRE_API_MAX_BODY_BYTES": "1048576",
    "FORGEWIRE_API_SECONDS": "10",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Client:
    """What we are at a server where people sign in: an OAuth client."""

    #: Of GitLab, or of the issuer; without a slash at its end.
    url: str
    client_id: str
    client_secret: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """How people and programs get at the API; `repr` shows no secret."""

    #: Where browsers reach the API, without a slash at its end; None: where it binds.
    public_url: str | None
    #: The file with our private keys, which is read again when it changes.
    jwt_keys_path: Path
    jwt_audience: str
    token_seconds: int
    #: The role of who is in the team and was given none; None: they may not sign in.
    default_role: str | None
    #: Where personal access tokens are checked and people are looked up.
    gitlab_url: str | None
    #: None: nobody signs in through GitLab.
    gitlab: Client | None
    #: None: nobody signs in through an OIDC issuer.
    oidc: Client | None
    #: The claim that says who it is: `sub` is the host's user id, any other a username.
    oidc_user_claim: str
    #: The claim that lists groups; "": roles are not taken from claims.
    oidc_roles_claim: str
    #: Which role each group has.
    oidc_roles: Mapping[str, str]
    #: Whether personal access tokens can be exchanged for ours.
    tokens_enabled: bool
    #: Another instance that issues tokens in our place.
    upstream_url: str | None
    upstream_token: str | None = field(repr=False)
    #: Whether servers on private addresses may be asked.
    allow_private: bool
    #: Where a front end of one's own may have people sent back to.
    frontend_urls: tuple[str, ...]
    #: The origins whose pages may call the API with a token; none: no CORS.
    cors_origins: tuple[str, ...]
    #: How often one address may try to sign in or to get a token: "20/minute".
    login_rate: str
    #: Whose word on who asks is taken: X-Forwarded-For.
    trusted_proxies: tuple[IPv4Network | IPv6Network, ...]
    max_body_bytes: int
    #: How long a request may keep the database busy.
    seconds: float


def read(env: Reader, data_dir: Path) -> Access:
    """Return what the variables say; problems are gathered in `env`."""
    return Access(**_tokens(env, data_dir), **_sign_in(env), **_limits(env))


def add_parsers(env: Reader) -> None:
    """Teach `env` the kinds of values that only the API has."""
    # environs parses defaults, too.
    env.add_parser("http_url", lambda text: http_url(text) if text else None)
    env.add_parser("http_urls", lambda text: tuple(map(http_url, parse.split(text))))
    env.add_parser("origins", lambda text: tuple(map(origin, parse.split(text))))
    env.add_parser("networks", parse.networks)
    env.add_parser("role_map", role_map)
    env.add_parser("rate", rate)


def http_url(text: str) -> str:
    """Return an http(s) URL without user, query, fragment and slash at its end."""
    try:
        parts = urlsplit(text)
        is_right = parts.port is None or parts.port > 0
    except ValueError:
        raise ValidationError("Not a URL.") from None
    if parts.scheme not in {"http", "https"} or not parts.hostname or not is_right:
        raise ValidationError("Not a URL of the form https://host.")
    if parts.username or parts.password or parts.query or parts.fragment:
        raise ValidationError("A URL without user, query and fragment is wanted.")
    return text.rstrip("/")


def origin(text: str) -> str:
    """Return an origin as browsers write it: in lower case, without a path."""
    url = http_url(text).lower()
    if urlsplit(url).path or "*" in url:
        raise ValidationError("Not an origin of the form https://host.")
    return url


def role_map(text: str) -> dict[str, str]:
    """Return the role of each group in `group=role,group=role`."""
    found = {}
    for entry in parse.split(text):
        group, equals, role = entry.rpartition("=")
        if not (equals and group.strip()) or role.strip() not in ROLES:
            raise ValidationError(
                f"Not group=role, the role being one of {', '.join(ROLES)}."
            )
        found[group.strip()] = role.strip()
    return found


def rate(text: str) -> str:
    """Return `text` if it is a number per second, minute or hour."""
    number, _, unit = text.partition("/")
    if not (number.isdecimal() and int(number) > 0) or unit not in {
        "second",
        "minute",
        "hour",
    }:
        raise ValidationError("Not so many per second, minute or hour.")
    return text


def _tokens(env: Reader, data_dir: Path) -> dict[str, Any]:
    within = validate.Range
    path = env.path("JWT_KEYS_PATH", None)
    role = env.str("DEFAULT_ROLE", "viewer", validate=validate.OneOf([*ROLES, "none"]))
    return {
        "public_url": env.http_url("PUBLIC_URL", None),
        "jwt_keys_path": path or data_dir / KEYS_FILE,
        "jwt_audience": env.str("JWT_AUDIENCE", "forgewire"),
        "token_seconds": env.int(
            "TOKEN_SECONDS", MAX_TOKEN_SECONDS, validate=within(1, MAX_TOKEN_SECONDS)
        ),
        "default_role": None if role == "none" else role,
        "tokens_enabled": env.bool("TOKENS_ENABLED", default=False),
        "upstream_url": env.http_url("UPSTREAM_URL", None),
        "upstream_token": env.str("UPSTREAM_TOKEN", None),
    }


def _sign_in(env: Reader) -> dict[str, Any]:
    url = env.http_url("GITLAB_URL", None)
    return {
        "gitlab_url": url,
        "gitlab": _client(env, url, "GITLAB"),
        "oidc": _client(env, env.http_url("OIDC_ISSUER", None), "OIDC"),
        "oidc_user_claim": env.str("OIDC_USER_CLAIM", "sub"),
        "oidc_roles_claim": env.str("OIDC_ROLES_CLAIM", ""),
        "oidc_roles": env.role_map("OIDC_ROLES", "") or {},
        "frontend_urls": env.http_urls("FRONTEND_URLS", "") or (),
    }


def _client(env: Reader, url: str | None, of: str) -> Client | None:
    client_id = env.str(f"{of}_CLIENT_ID", None)
    secret = env.str(f"{of}_CLIENT_SECRET", None)
    if not (url and client_id and secret):
        return None
    return Client(url=url, client_id=client_id, client_secret=secret)


def _limits(env: Reader) -> dict[str, Any]:
    within = validate.Range
    return {
        "allow_private": env.bool("ALLOW_PRIVATE_ENDPOINTS", default=False),
        "cors_origins": env.origins("CORS_ORIGINS", "") or (),
        "login_rate": env.rate("LOGIN_RATE", "20/minute"),
        "trusted_proxies": env.networks("TRUSTED_PROXIES", "") or (),
        "max_body_bytes": env.int(
            "API_MAX_BODY_BYTES", 1 << 20, validate=within(1, 64 << 20)
        ),
        "seconds": env.float("API_SECONDS", 10.0, validate=within(0.1, 60.0)),
    }
