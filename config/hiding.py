"""Hide secrets in payloads, by the names they stand under and by their looks; pure."""

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from config.redaction import HIDDEN, without_secrets

#: Under a key that has one of these in it nothing is shown but that there is something.
#: The host lets people send variables along with a push, which may hold anything.
_WORDS = (
    *("passwd", "password", "secret", "token", "credential"),
    *("api_key", "private_key", "push_options", "variables"),
)
#: Objects inside each other; what is deeper is hidden.
MAX_DEPTH = 64

_TOKEN = re.compile(
    r"\b(?:glpat|gldt|glrt|glrtr|glcbt|glptt|glft|glimt|glagent|glsoat|glffct|gloas)"
    r"-[\w.=-]{12,}"
    r"|\bgh[oprsu]_\w{12,}"
    r"|\bAKIA[0-9A-Z]{16}\b"
    r"|\beyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]*"
    r"|-----BEGIN[ A-Z]*PRIVATE KEY-----(?:.*?-----END[ A-Z]*PRIVATE KEY-----|.*)",
    re.ASCII | re.DOTALL,
)
_ASSIGNED = re.compile(
    r"(\b\w*(?:passwd|password|secret|token|api_key)\w*['\"]?\s*[:=]\s*)\S+",
    re.ASCII | re.IGNORECASE,
)
#: One of these words stands, in lower case, wherever a name tells of a secret.
_SIGNS = (
    *(b"passw", b"secret", b"token", b"credential"),
    *(b"api_key", b"private_key", b"variables"),
)
#: What else there is to hide. Each begins with letters that are searched for fast.
_LOOKS = tuple(
    re.compile(pattern)
    for pattern in (
        rb"://[^\s/:@\"]*:[^\s/\"]*@",
        rb"gl(?:pat|dt|rt|cbt|ptt|ft|imt|agent|soat|ffct|oas)",
        rb"gh[oprsu]_",
        rb"whsec_",
        rb"AKIA",
        rb"eyJ[\w-]{8,}\.",
        rb"PRIVATE KEY",
        # Most pushes have none, and say so.
        rb"push_options\"\s*:\s*(?:[^\s{\[n]|\{\s*[^\s}]|\[\s*[^\s\]])",
    )
)


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


def may_hold_secrets(text: bytes) -> bool:
    """Return False if there is certainly nothing to hide in one body, or in many.

    That takes nanoseconds for each byte. Names are not looked for behind escapes of
    JSON: the host escapes no letters.
    """
    lower = text.lower()
    return any(sign in lower for sign in _SIGNS) or any(
        look.search(text) for look in _LOOKS
    )
