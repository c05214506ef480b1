"""Make the samples: what the schema reads, and nothing about people; pure."""

import json
import re
from typing import Any

from cli.scaffold.draft import ATTRIBUTES, Draft
from cli.scaffold.fields import Field

#: Longer texts are cut: a sample is read by people, and its test has short lines.
MAX_TEXT = 44
#: Keys under which hosts tell what people are called.
_PERSON = re.compile(r"(^|_)(user|owner|author|full|first|last)_?name$")


def values(draft: Draft) -> dict[str, Any]:
    """Return what the samples tell, by key, in the order in which it is read."""
    return {it.key: _value(it) for it in (draft.id, *draft.fields, *draft.times)}


def body(draft: Draft, event: str, naming: str) -> str:
    """Return the JSON of the sample for `event`, whose name stands under `naming`."""
    told = values(draft)
    inner = {ATTRIBUTES: told} if draft.is_wrapped else told
    return json.dumps({naming: event, **inner}, indent=2) + "\n"


def _value(it: Field) -> Any:
    if not isinstance(it.value, str):
        return it.value
    if it.kind == "Time":
        return re.sub(r"\.\d+", "", it.value)
    if it.kind == "Email":
        return "ada@example.com"
    if _PERSON.search(it.key):
        return "ada"
    # Texts are compared in a test, which is to be readable in every editor.
    plain = it.value.encode("ascii", "ignore").decode()
    return re.sub(r"[^ -~]|[\"\\]", "", plain)[:MAX_TEXT].strip() or "sample"
