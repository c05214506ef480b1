"""Hooks in the shares in which a busy host sends them, made from the samples."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from random import Random
from typing import Any

import orjson

SAMPLES = Path(__file__).parents[1] / "tests" / "samples"

#: How many of a hundred hooks have which name: mostly work in repositories.
SHARES = {
    "push": 42,
    "repository_update": 24,
    "merge_request": 10,
    "tag_push": 4,
    "user_add_to_team": 5,
    "user_add_to_group": 3,
    "user_update_for_team": 2,
    "user_remove_from_team": 1,
    "user_create": 2,
    "user_rename": 1,
    "project_create": 2,
    "project_update": 2,
    "key_create": 2,
}
_BEGIN = datetime(2026, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Hook:
    """One hook, as the host would send it."""

    event: str
    delivery_id: str
    body: bytes


@dataclass(frozen=True, slots=True)
class Mix:
    """What the hooks are about, and how large they are."""

    #: Of each kind: users, projects, groups, keys.
    entities: int = 10_000
    #: Bodies are filled up to so many bytes.
    size: int = 0
    shares: tuple[tuple[str, int], ...] = tuple(SHARES.items())
    seed: int = 1

    def hooks(self, number: int) -> Iterator[Hook]:
        """Yield so many hooks, no two with one delivery id."""
        random = Random(self.seed)
        names = [name for name, _ in self.shares]
        weights = [share for _, share in self.shares]
        templates = {name: _template(name) for name in names}
        for index, name in enumerate(random.choices(names, weights, k=number)):
            payload = templates[name] | self._about(name, index, random)
            yield Hook(name, f"{self.seed:x}-{index:08x}", self._spelled(payload))

    def _about(self, name: str, index: int, random: Random) -> dict[str, Any]:
        user, project, group = (random.randrange(1, self.entities + 1) for _ in "upg")
        told = _TOLD[name](user, project, group, index)
        if "updated_at" in _template(name):
            at = _BEGIN + timedelta(seconds=index)
            told |= {"updated_at": at.isoformat().replace("+00:00", "Z")}
        return told

    def _spelled(self, payload: dict[str, Any]) -> bytes:
        body = orjson.dumps(payload)
        if len(body) >= self.size:
            return body
        filling = _commits(self.size)[: self.size - len(body)]
        return orjson.dumps(payload | {"filling": filling})


@cache
def _commits(length: int) -> str:
    """Return a text that shrinks about as much as the commits of a large push."""
    random = Random(0)
    line = "{:040x} Let the winch hold what the crane has lifted.\n"
    number = length // len(line) + 1
    return "".join(line.format(random.getrandbits(160)) for _ in range(number))


def _template(name: str) -> dict[str, Any]:
    if name not in _templates:
        _templates[name] = orjson.loads((SAMPLES / f"{name}.json").read_bytes())
    return _templates[name]


_templates: dict[str, dict[str, Any]] = {}


def _pushed(user: int, project: int, _: int, index: int) -> dict[str, Any]:
    return {"user_id": user, "project_id": project, "after": f"{index:040x}"}


def _updated(user: int, project: int, _: int, index: int) -> dict[str, Any]:
    change = {"before": "0" * 40, "after": f"{index:040x}", "ref": "refs/heads/main"}
    return {"user_id": user, "project_id": project, "changes": [change]}


def _requested(_: int, project: int, __: int, index: int) -> dict[str, Any]:
    template = _template("merge_request")
    attributes = template["object_attributes"] | {"iid": index % 100 + 1}
    return {
        "project": template["project"] | {"id": project},
        "object_attributes": attributes | {"target_project_id": project},
    }


def _in_team(user: int, project: int, _: int, __: int) -> dict[str, Any]:
    return {"user_id": user, "project_id": project}


def _in_group(user: int, _: int, group: int, __: int) -> dict[str, Any]:
    return {"user_id": user, "group_id": group}


def _user(user: int, _: int, __: int, ___: int) -> dict[str, Any]:
    return {"user_id": user, "username": f"user-{user}", "name": f"User {user}"}


def _project(_: int, project: int, __: int, ___: int) -> dict[str, Any]:
    path = f"group/project-{project}"
    return {"project_id": project, "path_with_namespace": path}


def _key(user: int, _: int, __: int, ___: int) -> dict[str, Any]:
    return {"id": user, "username": f"user-{user}"}


_TOLD = {
    "push": _pushed,
    "repository_update": _updated,
    "merge_request": _requested,
    "tag_push": _pushed,
    "user_add_to_team": _in_team,
    "user_add_to_group": _in_group,
    "user_update_for_team": _in_team,
    "user_remove_from_team": _in_team,
    "user_create": _user,
    "user_rename": _user,
    "project_create": _project,
    "project_update": _project,
    "key_create": _key,
}
