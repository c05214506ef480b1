"""Check the secret token that a hook carries in plain text."""

import hmac
from collections.abc import Sequence

HEADER = "X-Gitlab-Token"


def is_known(given: str, tokens: Sequence[bytes]) -> bool:
    """Return whether the header's value is one of `tokens`; an empty one never is.

    The time it takes says neither which token it was nor how much of it fitted.
    """
    # WSGI hands the header's bytes over as Latin-1.
    raw = given.encode("latin-1", "replace")
    found = False
    for token in tokens:
        found |= hmac.compare_digest(raw, token)
    return found and raw != b""
