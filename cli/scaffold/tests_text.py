"""Write the test of the handler; pure."""

from collections.abc import Sequence
from typing import Any

from cli.scaffold import sample
from cli.scaffold.draft import Draft
from cli.scaffold.fields import Field
from cli.scaffold.layout import call, literal, text
from cli.scaffold.names import phrase
from cli.scaffold.place import Place
from schemas import fields

_DECIDE = '''
SAMPLES = Path(__file__).parent / "samples"
HANDLERS = handlers_of(["{handlers}"])


def decide(event):
    """Return what the sample of an event means."""
    payload = json.loads((SAMPLES / f"{{event}}.json").read_text("utf-8"))
    return HANDLERS[event](HANDLERS[event].schema.load(payload))
'''


def module_of_tests(draft: Draft, place: Place) -> str:
    """Return the text of a test with values, as the samples have them."""
    parts = [
        *([_keeps(draft)] if draft.saving else []),
        *([_deletes(draft)] if draft.removing else []),
    ]
    body = "\n\n".join(parts)
    doc = f'"""Check what the events about {_spoken(draft.collection)} mean."""'
    own = _DECIDE.format(handlers=place.handlers) if place.package else ""
    return f"{doc}\n\n{_imports(draft, place, body)}\n{own}\n\n{body}"


def _imports(draft: Draft, place: Place, body: str) -> str:
    standard = ["import json"] if place.package else []
    standard += ["from datetime import UTC, datetime"] if "datetime(" in body else []
    standard += ["from pathlib import Path"] if place.package else []
    verbs = (["Delete"] if draft.removing else []) + (["Put"] if draft.saving else [])
    other = ["import pytest"] if "@pytest" in body else []
    ours = [f"from handlers import {', '.join(verbs)}"]
    if place.package:
        ours.append("from handlers.testing import handlers_of")
        return _grouped(standard, [*other, *ours])
    ours.append("from tests.samples.decide import decide")
    return _grouped(standard, other, ours)


def _grouped(*groups: Sequence[str]) -> str:
    return "\n\n".join("\n".join(group) for group in groups if group)


def _keeps(draft: Draft) -> str:
    told = "".join(
        f'        "{it.name}": {literal(_read(it, draft))},\n'
        for it in (*draft.fields, *draft.times)
    )
    put = f'Put("{draft.collection}", {literal(_read(draft.id, draft))}, told)'
    return f"""{_begin(draft.saving, f"test_{_a(draft)}_is_kept")}
    told = {{
{told}    }}

{_decided(draft.saving, put)}
"""


def _deletes(draft: Draft) -> str:
    gone = f'Delete("{draft.collection}", {literal(_read(draft.id, draft))})'
    name = f"test_{_a(draft)}_that_is_gone_is_deleted"
    return f"{_begin(draft.removing, name)}\n{_decided(draft.removing, gone)}\n"


def _begin(events: Sequence[str], name: str) -> str:
    if len(events) == 1:
        return f"def {name}():"
    listed = [text(event) for event in events]
    marked = call('@pytest.mark.parametrize("event", [', listed, "])")
    if "\n" in marked:
        lines = "".join(f"        {event},\n" for event in listed)
        marked = f'@pytest.mark.parametrize(\n    "event",\n    [\n{lines}    ],\n)'
    return f"{marked}\ndef {name}(event):"


def _decided(events: Sequence[str], change: str) -> str:
    asked = text(events[0]) if len(events) == 1 else "event"
    return call(f"    assert decide({asked}) == [", [change], "]")


def _read(it: Field, draft: Draft) -> Any:
    """Return what the schema reads in the samples."""
    options = {"dates": True} if it.dates else {}
    field = getattr(fields, it.kind)(**options)
    return field.deserialize(sample.values(draft)[it.key])


def _a(draft: Draft) -> str:
    return phrase(draft.subject).replace(" ", "_")


def _spoken(name: str) -> str:
    return name.replace("_", " ")
