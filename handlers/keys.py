"""Keep the SSH keys that the host knows."""

from handlers import Change, Delete, Put, handles
from schemas.keys import KeyEvent, KeySchema, fingerprint


@handles("key_create", "ldapkey_create", schema=KeySchema)
def save(key: KeyEvent) -> list[Change]:
    """Keep the key of a user; a key that LDAP brought is named after its class."""
    return [_key(key, kind="user")]


@handles("deploykey_create", schema=KeySchema)
def save_deploy_key(key: KeyEvent) -> list[Change]:
    """Keep the key of a machine; the host's pages do not list this event."""
    return [_key(key, kind="deploy")]


@handles("key_destroy", "ldapkey_destroy", "deploykey_destroy", schema=KeySchema)
def remove(key: KeyEvent) -> list[Change]:
    """Delete the key; ids of keys are never used again, whatever their class."""
    return [Delete("keys", key.key_id)]


def _key(key: KeyEvent, *, kind: str) -> Put:
    told = {
        # A deploy key outlives whoever added it, so it is not kept under their name.
        "username": key.username if kind == "user" else None,
        "fingerprint": fingerprint(key.key) if key.key else None,
        "key": key.key,
        "kind": kind,
        "created_at": key.created_at,
        "updated_at": key.updated_at,
    }
    return Put("keys", key.key_id, told)
