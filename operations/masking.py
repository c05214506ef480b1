"""Show a hook's body without secrets, and to viewers without personal data; pure.

What a viewer sees is listed here, by the names of keys; all other texts are masked. So
a field that the host adds tomorrow is masked until somebody says that it may be shown.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from config.hiding import MAX_DEPTH, hidden, hidden_text
from schemas.body import parse_object
from schemas.errors import BadBody
from schemas.fields import parse_time

MASKED = "[masked]"
#: Larger bodies are not shown, in bytes: nobody reads them, and browsers suffer.
MAX_BYTES = 1 << 20

#: Names of keys; others are masked: the host's have this shape.
_KEY = re.compile(r"[A-Za-z_][\w.-]{0,63}", re.ASCII)
#: Words of the host's own that stand under these: "user_create", "Developer", "open".
_WORD = re.compile(r"[\w .|-]{1,64}", re.ASCII)
_WORDS = frozenset(
    {
        *("access_level", "action", "event_name", "event_type", "group_access"),
        *("group_plan", "merge_status", "object_kind", "project_access"),
        *("project_visibility", "state", "status", "visibility"),
    }
)
_HASH = re.compile(r"[0-9a-f]{7,64}", re.ASCII)
_HASHES = frozenset({"after", "before", "checkout_sha", "id", "sha"})
_REFS = frozenset({"default_branch", "ref", "refs", "source_branch", "target_branch"})
#: A branch may bear the name of who made it; these are nobody's.
_REF = re.compile(
    r"(?:refs/heads/)?(?:main|master|trunk|develop|production|stable)|refs/tags/v?[\d.]+",
    re.ASCII,
)
#: Names and paths of groups, and names of projects: no person's.
_OF_GROUPS = frozenset({"full_path", "name", "old_full_path", "old_path", "path"})
_OF_PROJECTS = frozenset({"name", "path"})
_NAMED = frozenset({"group_name", "group_path", "project_name", "project_path"})
#: Objects that are a project, whatever event they stand in.
_PROJECTS = frozenset({"project", "repository", "source", "target"})
#: Their first part may be a username.
_PATHS = frozenset(
    {
        "old_path_with_namespace",
        "path_with_namespace",
        "project_path_with_namespace",
    }
)


@dataclass(frozen=True, slots=True)
class _Place:
    """Where in a payload a value stands."""

    event: str
    #: The key of the object that it is in; "" for the payload itself.
    parent: str = ""
    key: str = ""
    depth: int = 0

    def below(self, key: str) -> "_Place":
        return _Place(self.event, self.key, key, self.depth + 1)

    @property
    def names(self) -> frozenset[str]:
        """Return the keys under which names may be shown here."""
        if self.parent in _PROJECTS:
            return _OF_PROJECTS
        if self.parent:
            return frozenset()
        if self.event.startswith("group_"):
            return _OF_GROUPS | _NAMED
        return _NAMED | (_OF_PROJECTS if self.event.startswith("project_") else set())


def shown(body: bytes, *, people: bool) -> str:
    """Return what may be read of a body, indented; `people`: personal data, too.

    Secrets are never shown. What is no JSON object is shown as it is, or not at all.
    """
    if len(body) > MAX_BYTES:
        return f"[{len(body)} bytes: too many to be shown]"
    try:
        payload = parse_object(body)
    except BadBody:
        if not people:
            return f"[{len(body)} bytes that are no JSON object]"
        return hidden_text(body.decode("utf-8", "replace"))
    text = json.dumps(masked(payload, people=people), indent=2, ensure_ascii=False)
    # Half a surrogate pair can be parsed, and not be sent.
    return text.encode("utf-8", "replace").decode()


def masked(payload: Mapping[str, Any], *, people: bool) -> Any:
    """Return a payload without secrets, and without personal data unless `people`."""
    payload = hidden(payload)
    if people:
        return payload
    event = payload.get("event_name") or payload.get("object_kind")
    return _masked(payload, _Place(event if isinstance(event, str) else ""))


def _masked(value: Any, place: _Place) -> Any:
    if isinstance(value, str):
        return _masked_text(value, place)
    if not isinstance(value, Mapping | list):
        return value
    if place.depth > MAX_DEPTH:
        return MASKED
    if isinstance(value, list):
        # What is listed stands under the key of the list.
        return [_masked(one, _deeper(place)) for one in value]
    return {
        _key(key, number): _masked(it, place.below(key))
        for number, (key, it) in enumerate(value.items())
    }


def _deeper(place: _Place) -> _Place:
    return _Place(place.event, place.parent, place.key, place.depth + 1)


def _key(key: str, number: int) -> str:
    return key if _KEY.fullmatch(key) else f"{MASKED} {number}"


def _masked_text(text: str, place: _Place) -> str:
    # What the host does not tell, or has redacted itself, is nobody's.
    if not text or text.upper() == "[REDACTED]" or _is_plain(text, place):
        return text
    if place.key in _PATHS and "/" in text:
        return f"{MASKED}/{text.partition('/')[2]}"
    return MASKED


def _is_plain(text: str, place: _Place) -> bool:
    """Return whether `text` is by its place and shape nothing personal."""
    key = place.key
    if key.endswith("_at") or key in {"timestamp", "current", "previous"}:
        return parse_time(text) is not None
    shapes = ((_WORDS, _WORD), (_HASHES, _HASH), (_REFS, _REF))
    if any(key in keys and shape.fullmatch(text) for keys, shape in shapes):
        return True
    return key in place.names
