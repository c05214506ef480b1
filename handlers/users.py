"""Keep the accounts of the host."""

from handlers import Change, Delete, Move, Put, handles
from schemas.users import UserEvent, UserSchema


@handles("user_create", schema=UserSchema)
def save(user: UserEvent) -> list[Change]:
    """Keep what is told of an account."""
    return [_account(user)]


@handles("user_rename", schema=UserSchema)
def rename(user: UserEvent) -> list[Change]:
    """Keep the new username, and move what lies in the personal namespace."""
    if not user.old_username or not user.username:
        return [_account(user)]
    owner = ("users", user.user_id)
    return [_account(user), Move(owner, user.old_username, user.username)]


@handles("user_failed_login", schema=UserSchema)
def block(user: UserEvent) -> list[Change]:
    """Keep why the host refused the login; it is all that it tells of a block."""
    return [_account(user, login_state=user.login_state)]


@handles("user_destroy", schema=UserSchema)
def remove(user: UserEvent) -> list[Change]:
    """Delete the account, and what lies in its personal namespace."""
    gone = Delete("users", user.user_id, known_by=(user.email, user.name))
    if not user.username:
        return [gone]
    return [gone, Move(("users", user.user_id), user.username, None)]


def _account(user: UserEvent, **more: str | None) -> Put:
    told = {
        "username": user.username,
        "name": user.name,
        "email": user.email,
        "created_at": user.created_at,
        "updated_at": user.updated_at,
    }
    return Put("users", user.user_id, {**told, **more})
