"""Write the module of the handler; pure."""

from cli.scaffold.draft import Draft
from cli.scaffold.layout import call, imports, text
from cli.scaffold.names import camel


def handler_module(draft: Draft, schemas: str, *, apart: bool) -> str:
    """Return the text of a module like those in `handlers`.

    `schemas` is the module of the schema; `apart` if it is another package's than
    Forgewire's own, which linters keep apart.
    """
    name = camel(draft.subject)
    verbs = ["Change", "handles"]
    verbs += ["Put"] if draft.saving else []
    verbs += ["Delete"] if draft.removing else []
    lines = [
        imports("handlers", verbs),
        *([""] if apart else []),
        imports(schemas, [f"{name}Event", f"{name}Schema"]),
    ]
    parts = [
        f'"""Keep the {_spoken(draft.collection)} of the host."""\n',
        "\n".join(lines) + "\n",
        *([_save(draft)] if draft.saving else []),
        *([_remove(draft)] if draft.removing else []),
    ]
    return parts[0] + "\n" + "\n\n".join(parts[1:])


def _save(draft: Draft) -> str:
    it = draft.subject
    told = "".join(
        f'        "{one.name}": {it}.{one.name},\n'
        for one in (*draft.fields, *draft.times)
    )
    return f'''{_claim(draft, draft.saving)}
def save({it}: {camel(it)}Event) -> list[Change]:
    """Keep what is told of the {_spoken(it)}."""
    told = {{
{told}    }}
    return [Put("{draft.collection}", {it}.{draft.id.name}, told)]
'''


def _remove(draft: Draft) -> str:
    it = draft.subject
    return f'''{_claim(draft, draft.removing)}
def remove({it}: {camel(it)}Event) -> list[Change]:
    """Delete the {_spoken(it)}."""
    return [Delete("{draft.collection}", {it}.{draft.id.name})]
'''


def _claim(draft: Draft, events: tuple[str, ...]) -> str:
    named = [text(event) for event in events]
    return call("@handles(", [*named, f"schema={camel(draft.subject)}Schema"], ")")


def _spoken(name: str) -> str:
    return name.replace("_", " ")
