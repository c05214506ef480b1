"""A small simulated GitLab: changes its state, and tells of it as the real one does.

Its habits are the real one's: times of whole seconds, destroy events that repeat the
last `updated_at`, redacted e-mails in member events, no event for what lies below a
renamed group or user, and none for the members of what is destroyed.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

START = datetime(2026, 3, 1, 9, 0, 0, tzinfo=UTC)
LEVELS = {"Guest": 10, "Reporter": 20, "Developer": 30, "Maintainer": 40}
NAMES = ("ash", "birch", "cedar", "dogwood", "elm")


@dataclass(frozen=True)
class Hook:
    """One system hook as it left the host, and when the receiver took it."""

    payload: dict[str, Any]
    delivery_id: str
    received_at: int


@dataclass
class Account:
    id: int
    username: str
    name: str
    email: str
    created: datetime
    updated: datetime


@dataclass
class Group:
    id: int
    path: str
    parent: int | None
    created: datetime
    updated: datetime


@dataclass
class Project:
    id: int
    path: str
    namespace: int
    visibility: str
    created: datetime
    updated: datetime


@dataclass
class Row:
    """A member, or an open access request, of a project or group."""

    level: str
    created: datetime
    updated: datetime
    expires: datetime | None = None


@dataclass
class Key:
    id: int
    user: int
    created: datetime


#: (kind of parent, its id, user id)
Place = tuple[str, int, int]


@dataclass
class GitLab:
    """The host: its tables, its clock, and the hooks that it sent so far."""

    now: datetime = START
    hooks: list[Hook] = field(default_factory=list)
    users: dict[int, Account] = field(default_factory=dict)
    groups: dict[int, Group] = field(default_factory=dict)
    projects: dict[int, Project] = field(default_factory=dict)
    members: dict[Place, Row] = field(default_factory=dict)
    requests: dict[Place, Row] = field(default_factory=dict)
    keys: dict[int, Key] = field(default_factory=dict)
    #: When a row was last made at a place: two within a second look the same.
    made: dict[Place, datetime] = field(default_factory=dict)
    #: Usernames that another user may not take; see docs/architecture.md.
    used: set[str] = field(default_factory=set)
    last_id: int = 0

    # What people do at the host. Each method picks from what exists by `a` and `b`, and
    # does nothing where the host would refuse.

    def create_user(self, a: int, b: int) -> None:
        id_ = self._next_id()
        username = f"user{id_}"
        self.users[id_] = Account(
            id_, username, f"Name {id_}", f"{username}@corp.example", self.now, self.now
        )
        self._tell_user("user_create", self.users[id_])

    def rename_user(self, a: int, b: int) -> None:
        user = pick(self.users.values(), a)
        username = f"{NAMES[b % len(NAMES)]}-{user.id}" if user else ""
        if user and self._is_free(username, except_for=user.username):
            old, user.username, user.updated = user.username, username, self.now
            if old != username:
                self._tell_user("user_rename", user, old_username=old)

    def fail_login(self, a: int, b: int) -> None:
        user = pick(self.users.values(), a)
        if user:
            self._tell_user("user_failed_login", user, state="blocked")

    def destroy_user(self, a: int, b: int) -> None:
        user = pick(self.users.values(), a)
        if user:
            for project in self._projects_in(namespace_of(user)):
                self._destroy_project(project)
            self._tell_user("user_destroy", user)
            del self.users[user.id]
            self._drop_rows(lambda place: place[2] == user.id)
            self.keys = {k: key for k, key in self.keys.items() if key.user != user.id}

    def create_key(self, a: int, b: int) -> None:
        user = pick(self.users.values(), a)
        if user:
            id_ = self._next_id()
            self.keys[id_] = Key(id_, user.id, self.now)
            self._tell_key("key_create", self.keys[id_])

    def destroy_key(self, a: int, b: int) -> None:
        key = pick(self.keys.values(), a)
        if key:
            self._tell_key("key_destroy", key)
            del self.keys[key.id]

    def create_group(self, a: int, b: int) -> None:
        parent = pick([None, *self.groups.values()], a)
        path = NAMES[b % len(NAMES)]
        if self._is_free(path, parent=parent):
            id_ = self._next_id()
            above = parent.id if parent else None
            self.groups[id_] = Group(id_, path, above, self.now, self.now)
            self._tell_group("group_create", self.groups[id_])

    def rename_group(self, a: int, b: int) -> None:
        group = pick(self.groups.values(), a)
        path = NAMES[b % len(NAMES)]
        if group and self._is_free(path, parent=self.groups.get(group.parent or 0)):
            old, old_full = group.path, self.full_path(group)
            group.path, group.updated = path, self.now
            self._tell_group(
                "group_rename", group, old_path=old, old_full_path=old_full
            )

    def update_group(self, a: int, b: int) -> None:
        group = pick(self.groups.values(), a)
        if group:
            group.updated = self.now
            self._tell_group("group_update", group)

    def destroy_group(self, a: int, b: int) -> None:
        group = pick(self.groups.values(), a)
        if group:
            self._destroy_group(group)

    def create_project(self, a: int, b: int) -> None:
        namespace = self._namespace(a)
        path = f"app{b % 3}"
        if namespace and self._has_room(namespace, path):
            id_ = self._next_id()
            project = Project(id_, path, namespace, "private", self.now, self.now)
            self.projects[id_] = project
            self._tell_project("project_create", project)

    def rename_project(self, a: int, b: int) -> None:
        project = pick(self.projects.values(), a)
        path = f"app{b % 3}"
        if project and self._has_room(project.namespace, path):
            old = self.project_path(project)
            project.path, project.updated = path, self.now
            self._tell_project("project_rename", project, old_path_with_namespace=old)

    def transfer_project(self, a: int, b: int) -> None:
        project, namespace = pick(self.projects.values(), a), self._namespace(b)
        if project and namespace and self._has_room(namespace, project.path):
            old = self.project_path(project)
            project.namespace, project.updated = namespace, self.now
            self._tell_project("project_transfer", project, old_path_with_namespace=old)

    def update_project(self, a: int, b: int) -> None:
        project = pick(self.projects.values(), a)
        if project:
            project.visibility = ("private", "internal", "public")[b % 3]
            project.updated = self.now
            self._tell_project("project_update", project)

    def destroy_project(self, a: int, b: int) -> None:
        project = pick(self.projects.values(), a)
        if project:
            self._destroy_project(project)

    def add_member(self, a: int, b: int) -> None:
        place = self._place(a, b)
        if place and place not in self.members and self._row_is_new(place):
            request = self.requests.pop(place, None)
            created = request.created if request else self.now
            self.members[place] = Row(pick(LEVELS, a + b), created, self.now)
            self.made[place] = created
            self._tell_member("user_add_to", place, self.members[place])

    def update_member(self, a: int, b: int) -> None:
        place = pick(self.members, a)
        if place:
            row = self.members[place]
            row.level, row.updated = pick(LEVELS, b), self.now
            if place[0] == "group":
                row.expires = self.now + timedelta(days=b) if b % 2 else None
            self._tell_member("user_update_for", place, row)

    def remove_member(self, a: int, b: int) -> None:
        place = pick(self.members, a)
        if place:
            self._tell_member("user_remove_from", place, self.members.pop(place))

    def renew_member(self, a: int, b: int) -> None:
        """Update, remove and add a member again, all within a second."""
        place = pick(self.members, a)
        if place and self._row_is_new(place):
            number = list(self.members).index(place)
            self.update_member(number, b)
            self.remove_member(number, b)
            self.made[place] = self.now
            self.members[place] = Row(pick(LEVELS, a), self.now, self.now)
            self._tell_member("user_add_to", place, self.members[place])

    def request_access(self, a: int, b: int) -> None:
        place = self._place(a, b)
        taken = self.members.keys() | self.requests.keys()
        if place and place not in taken and self._row_is_new(place):
            self.requests[place] = Row("Developer", self.now, self.now)
            self.made[place] = self.now
            self._tell_request("to", place, self.requests[place])

    def revoke_request(self, a: int, b: int) -> None:
        place = pick(self.requests, a)
        if place:
            self._tell_request("revoked_for", place, self.requests.pop(place))

    # What the tables say.

    def full_path(self, group: Group) -> str:
        if group.parent is None:
            return group.path
        return f"{self.full_path(self.groups[group.parent])}/{group.path}"

    def project_path(self, project: Project) -> str:
        if project.namespace in self.groups:
            return f"{self.full_path(self.groups[project.namespace])}/{project.path}"
        owner = next(
            user
            for user in self.users.values()
            if namespace_of(user) == project.namespace
        )
        return f"{owner.username}/{project.path}"

    def _projects_in(self, namespace: int) -> list[Project]:
        return [p for p in self.projects.values() if p.namespace == namespace]

    def _namespace(self, a: int) -> int | None:
        own = [namespace_of(user) for user in self.users.values()]
        return pick([*self.groups, *own], a)

    def _has_room(self, namespace: int, path: str) -> bool:
        return all(project.path != path for project in self._projects_in(namespace))

    def _is_free(
        self, path: str, *, parent: Group | None = None, except_for: str = ""
    ) -> bool:
        above = parent.id if parent else None
        beside = {group.path for group in self.groups.values() if group.parent == above}
        if parent is None:
            beside |= {user.username for user in self.users.values()} - {except_for}
        return path not in beside

    def _place(self, a: int, b: int) -> Place | None:
        user = pick(self.users, a)
        parent = pick(
            [("project", id_) for id_ in self.projects]
            + [("group", id_) for id_ in self.groups],
            b,
        )
        return (*parent, user) if user and parent else None

    def _row_is_new(self, place: Place) -> bool:
        return place in self.requests or self.made.get(place) != self.now

    def _next_id(self) -> int:
        self.last_id += 1
        return self.last_id

    def _destroy_project(self, project: Project) -> None:
        self._tell_project("project_destroy", project)
        del self.projects[project.id]
        self._drop_rows(lambda place: place[:2] == ("project", project.id))

    def _destroy_group(self, group: Group) -> None:
        for below in [g for g in self.groups.values() if g.parent == group.id]:
            self._destroy_group(below)
        for project in self._projects_in(group.id):
            self._destroy_project(project)
        self._tell_group("group_destroy", group)
        del self.groups[group.id]
        self._drop_rows(lambda place: place[:2] == ("group", group.id))

    def _drop_rows(self, is_gone: Any) -> None:
        self.members = {p: row for p, row in self.members.items() if not is_gone(p)}
        self.requests = {p: row for p, row in self.requests.items() if not is_gone(p)}

    # How it tells.

    def _send(self, payload: dict[str, Any]) -> None:
        number = len(self.hooks)
        received = int(self.now.timestamp()) * 1_000_000 + 1_000 * number
        self.hooks.append(Hook(payload, f"hook-{number:04d}", received))

    def _tell_user(self, event: str, user: Account, **more: Any) -> None:
        self._send(
            {
                "event_name": event,
                "user_id": user.id,
                "username": user.username,
                "name": user.name,
                "email": user.email,
                **times(user),
                **more,
            }
        )

    def _tell_key(self, event: str, key: Key) -> None:
        text = f"ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAA{key.id:04d}"
        self._send(
            {
                "event_name": event,
                "id": key.id,
                "username": self.users[key.user].username,
                "key": text,
                "created_at": key.created.strftime("%Y-%m-%d %H:%M:%S UTC"),
                "updated_at": stamp(key.created),
            }
        )

    def _tell_group(self, event: str, group: Group, **more: Any) -> None:
        self._send(
            {
                "event_name": event,
                "group_id": group.id,
                "name": group.path.title(),
                "path": group.path,
                "full_path": self.full_path(group),
                **times(group),
                **more,
            }
        )

    def _tell_project(self, event: str, project: Project, **more: Any) -> None:
        self._send(
            {
                "event_name": event,
                "project_id": project.id,
                "name": project.path.title(),
                "path": project.path,
                "path_with_namespace": self.project_path(project),
                "project_namespace_id": project.namespace,
                "project_visibility": project.visibility,
                "owners": self._owners(project),
                "owner_name": None,
                "owner_email": "",
                **times(project),
                **more,
            }
        )

    def _owners(self, project: Project) -> list[dict[str, str]]:
        return [
            {"name": user.name, "email": user.email}
            for user in self.users.values()
            if namespace_of(user) == project.namespace
        ]

    def _tell_member(self, what: str, place: Place, row: Row) -> None:
        kind = "team" if place[0] == "project" else "group"
        payload = self._about_member(f"{what}_{kind}", place, row)
        if kind == "group":
            payload["expires_at"] = stamp(row.expires) if row.expires else None
        self._send(payload)

    def _tell_request(self, what: str, place: Place, row: Row) -> None:
        event = f"user_access_request_{what}_{place[0]}"
        self._send(self._about_member(event, place, row))

    def _about_member(self, event: str, place: Place, row: Row) -> dict[str, Any]:
        kind, parent, user_id = place
        user = self.users[user_id]
        about = {
            "event_name": event,
            "user_id": user_id,
            "user_username": user.username,
            "user_name": user.name,
            "user_email": "[REDACTED]",
            **times(row),
        }
        if kind == "group":
            group = self.groups[parent]
            return about | {
                "group_id": parent,
                "group_name": group.path.title(),
                "group_path": group.path,
                "group_access": row.level,
            }
        project = self.projects[parent]
        return about | {
            "project_id": parent,
            "project_name": project.path.title(),
            "project_path": project.path,
            "project_path_with_namespace": self.project_path(project),
            "project_visibility": project.visibility,
            "access_level": row.level,
        }


#: Everything that people do at the host.
ACTIONS = tuple(
    name
    for name, value in vars(GitLab).items()
    if callable(value)
    and not name.startswith("_")
    and name[0].islower()
    and name not in ("full_path", "project_path")
)


def live(steps: Iterable[tuple[str, int, int, int]]) -> GitLab:
    """Return a host after `steps`: (action, two choices, seconds until the next)."""
    host = GitLab()
    for action, a, b, seconds in steps:
        getattr(host, action)(a, b)
        host.now += timedelta(seconds=seconds)
    return host


def expected(host: GitLab) -> dict[str, dict[str, dict[str, Any]]]:
    """Return the documents that must be active in the end, by collection and id."""
    return {
        "users": {
            str(user.id): {
                "username": user.username,
                "name": user.name,
                "email": user.email,
                "teams": ["gitlab"],
            }
            for user in host.users.values()
        },
        "groups": {
            str(group.id): {"path": group.path, "full_path": host.full_path(group)}
            for group in host.groups.values()
        },
        "projects": {
            str(project.id): {
                "path": project.path,
                "path_with_namespace": host.project_path(project),
                "visibility": project.visibility,
                "namespace_id": project.namespace,
                "owners": host._owners(project),
            }
            for project in host.projects.values()
        },
        "memberships": {
            ":".join(map(str, place)): {
                "access_level": row.level,
                "access_value": LEVELS[row.level],
                **({"expires_at": row.expires} if place[0] == "group" else {}),
            }
            for place, row in host.members.items()
        },
        "access_requests": {
            ":".join(map(str, place)): {"access_level": row.level}
            for place, row in host.requests.items()
        },
        "keys": {
            str(key.id): {"username": host.users[key.user].username}
            for key in host.keys.values()
        },
    }


def pick(choices: Iterable[Any], number: int) -> Any:
    """Return one of `choices`, or None if there are none."""
    listed = list(choices)
    return listed[number % len(listed)] if listed else None


def namespace_of(user: Account) -> int:
    """Return the id of a user's own namespace: never a group's."""
    return 1_000_000 + user.id


def stamp(time: datetime) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ")


def times(entity: Any) -> dict[str, str]:
    return {"created_at": stamp(entity.created), "updated_at": stamp(entity.updated)}
