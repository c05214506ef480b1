"""Keep what happens in repositories, without names or addresses of people.

The id of a document begins with its kind and its project, and so tells the project.
"""

import json
from hashlib import sha256
from typing import Any

from handlers import Change, Put, handles
from schemas.activity import (
    MergeRequestEvent,
    MergeRequestSchema,
    PushEvent,
    PushSchema,
    RepositoryUpdateEvent,
    RepositoryUpdateSchema,
)

#: How many refs of one push are listed; their number is kept in full.
MAX_REFS = 100


@handles("push", schema=PushSchema)
def push(moved: PushEvent) -> list[Change]:
    """Keep the push of a branch."""
    return [_moved("push", moved)]


@handles("tag_push", schema=PushSchema)
def push_tag(moved: PushEvent) -> list[Change]:
    """Keep the push of a tag."""
    return [_moved("tag_push", moved)]


@handles("repository_update", schema=RepositoryUpdateSchema)
def update(repository: RepositoryUpdateEvent) -> list[Change]:
    """Keep which refs one push moved."""
    refs = repository.refs or ()
    changes = repository.changes or ()
    told = {
        "kind": "repository_update",
        "user_id": repository.user_id,
        "refs": list(refs[:MAX_REFS]),
        "ref_count": len(refs),
    }
    lines = [(change.ref, change.before, change.after) for change in changes]
    row = f"repository_update:{repository.project_id}:{_digest(refs, lines)}"
    return [Put("activity", row, told)]


@handles("merge_request", schema=MergeRequestSchema)
def merge_request(request: MergeRequestEvent) -> list[Change]:
    """Keep the latest state of a merge request."""
    told = {
        "kind": "merge_request",
        "iid": request.iid,
        "title": request.title,
        # `state` is what our own documents call alive or deleted.
        "merge_request_state": request.state,
        "action": request.action,
        "source_branch": request.source_branch,
        "target_branch": request.target_branch,
        "author_id": request.author_id,
        "created_at": request.created_at,
        "updated_at": request.updated_at,
    }
    row = f"merge_request:{request.project_id}:{request.iid}"
    return [Put("activity", row, told)]


def _moved(kind: str, moved: PushEvent) -> Put:
    told = {
        "kind": kind,
        "user_id": moved.user_id,
        "ref": moved.ref,
        "before": moved.before,
        "after": moved.after,
        "commits": moved.commits,
    }
    digest = _digest(moved.ref, moved.before, moved.after)
    return Put("activity", f"{kind}:{moved.project_id}:{digest}", told)


def _digest(*parts: Any) -> str:
    # The host gives a push no id: what moved from where to where is its identity.
    return sha256(json.dumps(parts).encode()).hexdigest()[:16]
