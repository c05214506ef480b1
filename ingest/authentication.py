"""Decide whether a delivery comes from whom its source trusts."""

from werkzeug.datastructures import Headers

from config.settings import Source
from ingest import signatures, tokens
from ingest.problems import UNAUTHENTICATED, Refused
from ingest.signatures import BadSignature, Signature

_NOT_SIGNABLE = (
    "The delivery is signed, but this source has no signing token, and a signed "
    "delivery is not let in by its plain token. Set FORGEWIRE_GITLAB_SIGNING_TOKENS "
    "(or signing_tokens in the source's table) to the whsec_ token of the system hook, "
    "or remove the signing token there."
)
_SIGNED_ONLY = (
    "This source takes signed deliveries only: set a signing token at the system hook, "
    "or FORGEWIRE_GITLAB_TOKENS here."
)
_NOT_KNOWN = (
    "X-Gitlab-Token is missing or is no token of this source. Set the secret token of "
    "the system hook to a token of this receiver."
)
_NOT_SIGNED = (
    "The signature fits none of this source's signing tokens. Check that the host and "
    "the receiver have the same, and that nothing on the way changes the body."
)


def check_headers(
    source: Source, headers: Headers, now_seconds: float
) -> Signature | None:
    """Return the signature that is left to check against the body, None if none is.

    Raise Refused with 401. Once `webhook-signature` is there, the token counts for
    nothing: else whoever learns the token could leave the signature unmade.
    """
    if signatures.HEADER not in headers:
        _check_token(source, headers)
        return None
    if not source.signing_keys:
        raise Refused(UNAUTHENTICATED, _NOT_SIGNABLE)
    try:
        return signatures.read(headers, now_seconds)
    except BadSignature as exc:
        raise Refused(UNAUTHENTICATED, str(exc)) from exc


def check_body(source: Source, signature: Signature, body: bytes) -> None:
    """Raise Refused with 401 unless the source's keys made the signature."""
    if not signature.fits(body, source.signing_keys):
        raise Refused(UNAUTHENTICATED, _NOT_SIGNED)


def _check_token(source: Source, headers: Headers) -> None:
    given = headers.get(tokens.HEADER, "")
    if not tokens.is_known(given, source.tokens):
        raise Refused(UNAUTHENTICATED, _NOT_KNOWN if source.tokens else _SIGNED_ONLY)
