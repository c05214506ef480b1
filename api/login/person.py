"""Say what a provider told of somebody who signs in."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Who it is: by the host's user id, or by the username there."""

    #: Such as `gitlab:41`; "" if only the name is known.
    subject: str = ""
    username: str = ""
    #: The role that claims give; None if they give none.
    role: str | None = None
    #: Whether the provider decides on roles at all.
    gives_roles: bool = False
