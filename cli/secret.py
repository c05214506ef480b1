"""Choose the secret with which `forgewire send` proves that it is the host."""

from pathlib import Path

from environs import ValidationError

from cli.explain import Failure
from cli.proof import Proof, by_signature, by_token
from config import parse
from config.settings import Settings

_SIGNING = b"whsec_"


def chosen(
    settings: Settings, source: str, file: Path | None, *, signed: bool
) -> Proof:
    """Return a proof by the secret in `file`, else by one of the source.

    It signs if `signed`, or if nothing but a signing token is there. Raise Failure if
    there is none of the kind.
    """
    if file is not None:
        return _of_file(file, signed=signed)
    found = settings.sources.get(source)
    if found and found.tokens and not signed:
        return by_token(found.tokens[0])
    if found and found.signing_keys:
        return by_signature(found.signing_keys[0])
    kind, variable = ("signing token", "_SIGNING") if signed else ("token", "")
    raise Failure(
        f"there is no {kind} for {source}: set FORGEWIRE_GITLAB{variable}_TOKENS, give "
        "--token-file, or run this in the folder of a running `forgewire up`"
    )


def _of_file(file: Path, *, signed: bool) -> Proof:
    try:
        text = file.read_bytes().decode("utf-8", "surrogateescape")
        token = parse.tokens(text)[0]
        if not signed and not token.startswith(_SIGNING):
            return by_token(token)
        return by_signature(parse.signing_key_bytes([token.decode()])[0])
    except (OSError, IndexError, ValidationError):
        # What went wrong may quote the token.
        kind = "signing token" if signed else "token"
        raise Failure(f"{file} holds no {kind}") from None
