"""Recognise the bodies that the host sends when somebody presses its test button.

They look like real events and bear small ids that real projects and users have, and
no header marks them. What is compared are constants in the host's own source, which
no real event can have together.
"""

from collections.abc import Mapping
from typing import Any

#: What the REST API sends to test a hook.
_PROJECT_CREATE = {
    "project_id": 1,
    "name": "Ruby",
    "path": "ruby",
    "owner_name": "Someone",
}
#: What a real creation has had since the first version of the host.
_REAL_PROJECT = ("created_at", "path_with_namespace")

#: What the test button sends for pushes, and for tags just the same.
_PUSH = {
    "project_id": 15,
    "user_id": 4,
    "user_name": "John Smith",
    "ref": "refs/heads/master",
    "before": "95790bf891e76fee5e1747ab589903a6a1f80f22",
    "after": "da1560886d4f094c3e6c9ef40349f7d38b5d27d7",
}

#: What the test button sends for repository updates.
_REPOSITORY_UPDATE = {
    "project_id": 40,
    "user_id": 10,
    "user_name": "john.doe",
    "refs": ["refs/heads/master"],
    "changes": [
        {
            "before": "8205ea8d81ce0c6b90fbe8280d118cc9fdad6130",
            "after": "4045ea7a3df38697b3730a20fb73c8bed8a3e69e",
            "ref": "refs/heads/master",
        }
    ],
}
_REAL_UPDATE = ("project",)


def is_test_delivery(event: str, payload: Mapping[str, Any]) -> bool:
    """Return whether `payload` is one of the host's own test bodies for `event`."""
    match event:
        case "project_create":
            return _is_sample(payload, has=_PROJECT_CREATE, lacks=_REAL_PROJECT)
        case "push" | "tag_push":
            return _is_sample(payload, has=_PUSH, lacks=())
        case "repository_update":
            return _is_sample(payload, has=_REPOSITORY_UPDATE, lacks=_REAL_UPDATE)
        case _:
            return False


def _is_sample(
    payload: Mapping[str, Any], *, has: Mapping[str, Any], lacks: tuple[str, ...]
) -> bool:
    if any(key in payload for key in lacks):
        return False
    return all(payload.get(key) == value for key, value in has.items())
