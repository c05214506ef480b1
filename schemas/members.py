"""Read the events about members of projects and groups, and who asks to be one."""

from dataclasses import dataclass
from datetime import datetime

from schemas.access import Access, AccessLevel
from schemas.event import DatedSchema, Event
from schemas.fields import Email, HostId, Text, Time, Told
from schemas.projects import Visibility


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class MemberEvent(Event):
    """The person of a membership."""

    #: None in the team events of GitLab 7 and before, which tell no id.
    user_id: int | None = None
    username: str | None = None
    name: str | None = None
    #: The public address, which need not be the one of the account.
    email: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class ProjectMemberEvent(MemberEvent):
    """A membership of a project, or the request for one."""

    project_id: int
    project_name: str | None = None
    project_path: str | None = None
    path_with_namespace: str | None = None
    visibility: str | None = None
    access_level: Access | None = None
    #: What GitLab 8 and before call the access level.
    project_access: Access | None = None

    @property
    def access(self) -> Access | None:
        """Return the access level under whichever name it came."""
        return self.access_level or self.project_access


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class GroupMemberEvent(MemberEvent):
    """A membership of a group, or the request for one."""

    group_id: int
    group_name: str | None = None
    #: The last segment only, not the full path.
    group_path: str | None = None
    access: Access | None = None
    expires_at: datetime | None = None
    #: True with `expires_at` None: the membership never expires.
    expires_at_told: bool = False


class ProjectMemberSchema(DatedSchema):
    """The payload of the team events."""

    makes = ProjectMemberEvent

    user_id = HostId()
    username = Text(data_key="user_username")
    name = Text(data_key="user_name")
    email = Email(data_key="user_email")
    project_id = HostId(required=True)
    project_name = Text()
    project_path = Text()
    path_with_namespace = Text(data_key="project_path_with_namespace")
    visibility = Visibility(data_key="project_visibility")
    access_level = AccessLevel()
    project_access = AccessLevel()


class ProjectRequestSchema(ProjectMemberSchema):
    """The payload of a request for access to a project: young, so always with id."""

    user_id = HostId(required=True)


class GroupMemberSchema(DatedSchema):
    """The payload of the events about members of groups, and of their requests."""

    makes = GroupMemberEvent

    user_id = HostId(required=True)
    username = Text(data_key="user_username")
    name = Text(data_key="user_name")
    email = Email(data_key="user_email")
    group_id = HostId(required=True)
    group_name = Text()
    group_path = Text()
    access = AccessLevel(data_key="group_access")
    expires_at = Time(dates=True)
    expires_at_told = Told(data_key="expires_at")
