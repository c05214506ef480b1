"""Keep the projects of the host."""

from handlers import Change, Delete, Put, handles
from schemas.projects import Owner, ProjectEvent, ProjectSchema


@handles(
    "project_create",
    "project_rename",
    "project_transfer",
    "project_update",
    schema=ProjectSchema,
)
def save(project: ProjectEvent) -> list[Change]:
    """Keep what is told of a project; nothing lies below it that would move along."""
    told = {
        "name": project.name,
        "path": project.path,
        "path_with_namespace": project.path_with_namespace,
        "visibility": project.visibility,
        "owners": _owners(project),
        "namespace_id": project.namespace_id,
        "created_at": project.created_at,
        "updated_at": project.updated_at,
    }
    return [Put("projects", project.project_id, told)]


@handles("project_destroy", schema=ProjectSchema)
def remove(project: ProjectEvent) -> list[Change]:
    """Delete the project."""
    return [Delete("projects", project.project_id)]


def _owners(project: ProjectEvent) -> list[dict[str, str]] | None:
    if project.owners is not None:
        return [told for owner in project.owners if (told := _told(owner))]
    only = _told(Owner(project.owner_name, project.owner_email))
    return [only] if only else None


def _told(owner: Owner) -> dict[str, str]:
    pairs = (("name", owner.name), ("email", owner.email))
    return {key: value for key, value in pairs if value is not None}
