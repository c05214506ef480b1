"""Write the module of the event and its schema; pure."""

from collections.abc import Iterable

from cli.scaffold.draft import ATTRIBUTES, Draft
from cli.scaffold.fields import Field
from cli.scaffold.layout import imports, text
from cli.scaffold.names import camel, phrase

_WRAPPER = '''

class {name}Schema(EventSchema):
    """The payload of these events."""

    {attributes} = fields.Nested({name}AttributesSchema, required=True)

    @post_load
    def build(self, values: dict[str, Any], **_: Any) -> Any:
        """Return the event that the nested schema made."""
        return values["{attributes}"]
'''


def schema_module(draft: Draft, *, apart: bool) -> str:
    """Return the text of a module like those in `schemas`.

    `apart` if it is another package's: to linters all imports are others' there.
    """
    name = camel(draft.subject)
    fields = (draft.id, *draft.fields)
    return f'''"""Read the events about {draft.collection.replace("_", " ")}."""

{_imports(draft, apart=apart)}


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class {name}Event(Event):
    """{phrase(draft.subject).capitalize()}, as of one moment."""

{_attributes(fields, draft.id)}


class {name}{"Attributes" if draft.is_wrapped else ""}Schema({_base(draft)}):
    """{_about(draft)}"""

    makes = {name}Event

{_readers(fields, draft.id)}
''' + (_WRAPPER.format(name=name, attributes=ATTRIBUTES) if draft.is_wrapped else "")


def _imports(draft: Draft, *, apart: bool) -> str:
    kinds = {it.kind for it in (draft.id, *draft.fields)}
    uses_time = "Time" in kinds
    standard = ["from dataclasses import dataclass"]
    standard += ["from datetime import datetime"] if uses_time else []
    standard += ["from typing import Any"] if draft.is_wrapped else []
    bases = {"Event", _base(draft)} | ({"EventSchema"} if draft.is_wrapped else set())
    other = ["from marshmallow import fields, post_load"] if draft.is_wrapped else []
    other += [""] if other and not apart else []
    ours = [imports("schemas.event", bases), imports("schemas.fields", kinds)]
    return "\n".join([*standard, "", *other, *ours])


def _base(draft: Draft) -> str:
    return "DatedSchema" if draft.times else "EventSchema"


def _about(draft: Draft) -> str:
    if draft.is_wrapped:
        return f"The object in which the host puts the {_spoken(draft)} itself."
    return f"The payload of the events about {draft.collection.replace('_', ' ')}."


def _spoken(draft: Draft) -> str:
    return draft.subject.replace("_", " ")


def _attributes(fields: Iterable[Field], id_field: Field) -> str:
    return "\n".join(
        f"    {it.name}: {it.annotation}"
        if it is id_field
        else f"    {it.name}: {it.annotation} | None = None"
        for it in fields
    )


def _readers(fields: Iterable[Field], id_field: Field) -> str:
    return "\n".join(
        f"    {it.name} = {it.kind}({', '.join(_options(it, required=it is id_field))})"
        for it in fields
    )


def _options(it: Field, *, required: bool) -> list[str]:
    options = [] if it.key == it.name else [f"data_key={text(it.key)}"]
    options += ["dates=True"] if it.dates else []
    return options + (["required=True"] if required else [])
