"""Read the events about accounts of the host."""

from dataclasses import dataclass

from schemas.event import DatedSchema, Event
from schemas.fields import Email, HostId, Text


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class UserEvent(Event):
    """An account, as of one moment."""

    user_id: int
    #: None on GitLab 7 and before.
    username: str | None = None
    name: str | None = None
    email: str | None = None
    #: Only told by `user_rename`.
    old_username: str | None = None
    #: Only told by `user_failed_login`: `blocked` or `ldap_blocked`.
    login_state: str | None = None


class UserSchema(DatedSchema):
    """The payload of every `user_*` event that is about the account itself."""

    makes = UserEvent

    user_id = HostId(required=True)
    username = Text()
    name = Text()
    email = Email()
    old_username = Text()
    login_state = Text(data_key="state")
