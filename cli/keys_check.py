"""Check that the file with our keys is there and good."""

import os
import time
from pathlib import Path

from api import keyring
from cli.local.roles import is_given

_NAMED = "FORGEWIRE_JWT_KEYS_PATH"
_OTHERS_READ = 0o004


def check_keys(path: Path) -> str:
    """Return what there is to say of the file; raise BadKeys if it is of no use."""
    if not path.exists() and not is_given(os.environ, _NAMED):
        return "none, so no API can start here; make them: forgewire keys generate"
    ring, now = keyring.load(path), time.time()
    key = ring.signing(now)
    told = f"{path}: {key.kid} ({key.algorithm}) signs, {len(ring.live(now))} verify"
    if path.stat().st_mode & _OTHERS_READ:
        told += "; everybody on this machine can read it: chmod 600"
    return told
