"""The settings by which people and programs get at the API."""

from ipaddress import ip_network

import pytest

from config.reader import SettingsError
from config.settings import load


def read(**variables):
    environ = {f"FORGEWIRE_{name}": value for name, value in variables.items()}
    return load(environ).access


def test_nothing_is_open_that_was_not_opened():
    access = read()
    assert not access.tokens_enabled
    assert not access.allow_private
    assert access.cors_origins == access.frontend_urls == access.trusted_proxies == ()
    assert access.gitlab is access.oidc is access.upstream_url is None
    assert access.token_seconds == 3600


def test_lists_are_read():
    access = read(
        CORS_ORIGINS="https://UI.example.com/, http://localhost:3000",
        TRUSTED_PROXIES="10.0.0.0/8, 2001:db8::7",
        OIDC_ROLES="git-admins=admin,a=b=viewer",
        FRONTEND_URLS="https://ui.example.com/callback",
    )
    assert access.cors_origins == ("https://ui.example.com", "http://localhost:3000")
    proxies = (ip_network("10.0.0.0/8"), ip_network("2001:db8::7"))
    assert access.trusted_proxies == proxies
    assert access.oidc_roles == {"git-admins": "admin", "a=b": "viewer"}
    assert access.frontend_urls == ("https://ui.example.com/callback",)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("CORS_ORIGINS", "*"),
        ("CORS_ORIGINS", "ui.example.com"),
        ("CORS_ORIGINS", "https://ui.example.com/page"),
        ("CORS_ORIGINS", "https://*.example.com/"),
        ("TRUSTED_PROXIES", "proxy.example.com"),
        ("TRUSTED_PROXIES", "10.0.0.1/8"),
        ("LOGIN_RATE", "20"),
        ("LOGIN_RATE", "0/minute"),
        ("LOGIN_RATE", "20 per minute"),
        ("LOGIN_RATE", "20/day"),
        ("GITLAB_URL", "git.example.com"),
        ("GITLAB_URL", "https://user:s3cret@git.example.com"),
        ("UPSTREAM_URL", "https://other.example.com/?token=s3cret"),
        ("UPSTREAM_URL", "https://other.example.com:0"),
        ("OIDC_ROLES", "git-admins=root"),
        ("OIDC_ROLES", "=admin"),
        ("TOKEN_SECONDS", "3601"),
        ("DEFAULT_ROLE", "root"),
        ("API_SECONDS", "0"),
        ("API_MAX_BODY_BYTES", "0"),
    ],
)
def test_what_cannot_be_is_refused_with_an_example(name, value):
    with pytest.raises(SettingsError, match=f"FORGEWIRE_{name}: .*For example: ") as it:
        read(**{name: value})
    assert "s3cret" not in str(it.value)


def test_secrets_do_not_show():
    access = read(
        UPSTREAM_TOKEN="s3cret",
        GITLAB_URL="https://git.example.com",
        GITLAB_CLIENT_ID="we",
        GITLAB_CLIENT_SECRET="s3cret",
    )
    assert access.upstream_token == access.gitlab.client_secret == "s3cret"
    assert "s3cret" not in repr(access)
