"""Tell what a JSON Schema allows that an older one did not: that breaks its readers.

Who reads by the old schema copes with whatever it allows. So a field that comes, or
that is told in fewer ways, breaks nobody; one that goes, may be absent or may be of
another type does. What cannot be judged counts as a break.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, TypeAlias

Json: TypeAlias = Mapping[str, Any]

#: Words that tell people something, and allow or forbid nothing.
DESCRIBING = frozenset(
    {"$comment", "$id", "$schema", "default", "deprecated", "description", "examples"}
    | {"readOnly", "title", "writeOnly"}
)


def widened(old: Json, new: Json, at: str) -> Iterator[str]:
    """Yield what `new` allows and `old` did not, a line each; `at` names the place."""
    for word, was in old.items():
        if word not in DESCRIBING and not word.startswith("x-"):
            yield from _JUDGES.get(word, _unchanged(word))(was, new, at)


def _type(was: Any, new: Json, at: str) -> Iterator[str]:
    known = set(_listed(was))
    known |= {"integer"} if "number" in known else set()
    more = _types(new) - known
    if more:
        yield f"{at}: may be {' or '.join(sorted(more))} now"


def _properties(was: Json, new: Json, at: str) -> Iterator[str]:
    told = new.get("properties", {})
    for name, schema in was.items():
        if name in told:
            yield from widened(schema, told[name], f"{at}.{name}")
        else:
            yield f"{at}.{name}: is told no more"


def _required(was: Iterable[str], new: Json, at: str) -> Iterator[str]:
    for name in sorted(set(was) - set(new.get("required", ()))):
        yield f"{at}.{name}: may be absent now"


def _items(was: Json, new: Json, at: str) -> Iterator[str]:
    yield from widened(was, new.get("items", {}), f"{at}[]")


def _enum(was: Iterable[Any], new: Json, at: str) -> Iterator[str]:
    values = [new["const"]] if "const" in new else new.get("enum")
    if values is None:
        yield f"{at}: may be any value now"
        return
    more = [value for value in values if value not in list(was)]
    if more:
        yield f"{at}: may be {' or '.join(map(repr, more))} now"


def _const(was: Any, new: Json, at: str) -> Iterator[str]:
    yield from _enum([was], new, at)


def _least(word: str) -> "Judge":
    def judge(was: Any, new: Json, at: str) -> Iterator[str]:
        now = new.get(word)
        if now is None or now < was:
            yield f"{at}: {word} was {was}, is {_said(now)} now"

    return judge


def _most(word: str) -> "Judge":
    def judge(was: Any, new: Json, at: str) -> Iterator[str]:
        now = new.get(word)
        if now is None or now > was:
            yield f"{at}: {word} was {was}, is {_said(now)} now"

    return judge


def _any_of(was: Iterable[Json], new: Json, at: str) -> Iterator[str]:
    ways = list(was)
    for way in new.get("anyOf", [new]):
        if not any(_covers(old, way) for old in ways):
            yield f"{at}: may be told in another way now: {_said(way)}"


def _all_of(was: Iterable[Json], new: Json, at: str) -> Iterator[str]:
    rules = [*new.get("allOf", ()), new]
    for rule in was:
        if not any(_covers(rule, now) for now in rules):
            yield f"{at}: need not be so any more: {_said(rule)}"


def _covers(old: Json, new: Json) -> bool:
    return next(widened(old, new, ""), None) is None


def _unchanged(word: str) -> "Judge":
    def judge(was: Any, new: Json, at: str) -> Iterator[str]:
        if new.get(word) != was:
            yield f"{at}: {word} was {was}, is {_said(new.get(word))} now"

    return judge


def _types(schema: Json) -> set[str]:
    if "type" in schema:
        return set(_listed(schema["type"]))
    ways = schema.get("anyOf")
    return set().union(*map(_types, ways)) if ways else {"anything"}


def _listed(types: Any) -> list[str]:
    return types if isinstance(types, list) else [types]


def _said(value: Any) -> str:
    return "unbounded" if value is None else str(value)


Judge: TypeAlias = Callable[[Any, Json, str], Iterator[str]]
_JUDGES: Mapping[str, Judge] = {
    "type": _type,
    "properties": _properties,
    "required": _required,
    "items": _items,
    "enum": _enum,
    "const": _const,
    "anyOf": _any_of,
    "allOf": _all_of,
    **{word: _least(word) for word in ("minimum", "minLength", "minItems")},
    **{word: _most(word) for word in ("maximum", "maxLength", "maxItems")},
}
