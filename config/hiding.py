"""Hide secrets in payloads, by the names they stand under and by their looks; pure."""

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from config.redaction import HIDDEN, SECRET_WORDS, without_secrets

#: Under a key that has one of these in it nothing is shown but that there is something.
#: The host lets people send variables along with a push, which may hold anything.
_WORDS = (
    *SECRET_WORDS,
    "api_key",
    "apikey",
    "credential",
    "passphrase",
    "private_key",
    "push_options",
    "variables",
)
#: Objects inside each other; what is deeper is hidden.
MAX_DEPTH = 64

_TOKEN = re.compile(
    r"\b(?:glpat|gldt|glrt|glrtr|glcbt|glptt|glft|glimt|glagent|glsoat|glffct|gloas)"
    r"-[\w.=-]{12,}"
    r"|\b(?:gh[oprsu]_|github_pat_|GR1348941)\w{12,}"
    r"|\bxox[abeprs]-[\w-]{10,}"
    r"|\bA[KS]IA[0-9A-Z]{16}\b"
    r"|\beyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]*"
    r"|-----BEGIN[ A-Z]*PRIVATE KEY-----(?:.*?-----END[ A-Z]*PRIVATE KEY-----|.*)",
    re.ASCII | re.DOTALL,
)
_ASSIGNED = re.compile(
    r"(\b\w*(?:passwd|password|secret|token|api_?key)\w*['\"]?\s*[:=]\s*)\S+",
    re.ASCII | re.IGNORECASE,
)
#: What stands in every text that the above would change, in lower case.
_SIGNS = (
    *(b"pass", b"secret", b"token", b"cookie", b"authoriz", b"signature"),
    *(b"credential", b"api_key", b"apikey", b"private_key", b"private key"),
    *(b"push_options", b"variables", b"whsec_"),
    *(b"glpat-", b"gldt-", b"glrt", b"glcbt-", b"glptt-", b"glft-", b"glimt-"),
    *(b"glagent-", b"glsoat-", b"glffct-", b"gloas-", b"gr1348941"),
    *(b"gho_", b"ghp_", b"ghr_", b"ghs_", b"ghu_", b"github_pat_"),
    *(b"xox", b"akia", b"asia", b"eyj"),
    # An escape may hide any of them.
    b"\\u",
)
_PASSWORD_IN_URL = re.compile(rb"://[^\s/:@\"]*:[^\s/\"]*@")


def hidden(value: Any, depth: int = 0) -> Any:
    """Return `value`, of JSON, without secrets; what is left is equal to it."""
    if isinstance(value, str):
        return hidden_text(value)
    if not isinstance(value, Mapping | list):
        return value
    if depth >= MAX_DEPTH:
        return HIDDEN
    if isinstance(value, list):
        return [hidden(one, depth + 1) for one in value]
    return {
        key: HIDDEN if it and names_a_secret(key) else hidden(it, depth + 1)
        for key, it in value.items()
    }


def hidden_text(text: str) -> str:
    """Return `text` without what looks like a token, a password or a private key."""
    text = _TOKEN.sub(HIDDEN, without_secrets(text))
    return _ASSIGNED.sub(rf"\1{HIDDEN}", text)


@lru_cache(maxsize=1024)
def names_a_secret(key: str) -> bool:
    """Return whether what stands under `key` is not to be shown."""
    lower = key.lower()
    return any(word in lower for word in _WORDS)


def may_hold_secrets(body: bytes) -> bool:
    """Return False if there is certainly nothing to hide; much faster than to look."""
    lower = body.lower()
    return (
        any(sign in lower for sign in _SIGNS)
        or _PASSWORD_IN_URL.search(body) is not None
    )
