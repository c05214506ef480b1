"""Keep the labels of a project; wrong, since it changes the event."""

from dataclasses import dataclass
from typing import Any

from marshmallow import fields

from handlers import Change, Put, handles
from schemas.event import DatedSchema, Event
from schemas.fields import HostId


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class LabelsEvent(Event):
    """The labels of a project, as of one moment."""

    project_id: int
    titles: list[Any]


class LabelsSchema(DatedSchema):
    """The payload of `label_update`."""

    makes = LabelsEvent

    project_id = HostId(required=True)
    titles = fields.List(fields.String(), required=True)


@handles("label_update", schema=LabelsSchema)
def save(labels: LabelsEvent) -> list[Change]:
    """Keep the titles in order: `sort` changes the list that the event holds."""
    labels.titles.sort()
    return [Put("labels", labels.project_id, {"titles": labels.titles})]
