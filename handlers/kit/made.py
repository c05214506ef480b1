"""Make events of a schema by Hypothesis, from what its samples hold and what it takes.

Hypothesis is imported when it is needed: workers import this module too.
"""

from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any, TypeAlias

from marshmallow import Schema, fields

from schemas.fields import MAX_INTEGER, Count, Email, HostId, Text, Time, Told

if TYPE_CHECKING:
    from hypothesis.strategies import SearchStrategy

    Values: TypeAlias = SearchStrategy[Any]
else:
    Values = Any

#: Longest text that is made, in characters.
MOST = 40


def try_bodies(
    schema: Schema,
    samples: Iterable[Mapping[str, Any]],
    look: Callable[[dict[str, Any]], object],
    *,
    examples: int,
) -> None:
    """Have `look` look at `examples` bodies that `schema` may take, always the same."""
    from hypothesis import HealthCheck, given, settings  # noqa: PLC0415

    def seen(body: dict[str, Any]) -> None:
        look(body)

    settings(
        max_examples=examples,
        derandomize=True,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
    )(given(bodies(schema, list(samples)))(seen))()


def bodies(schema: Schema, samples: list[Mapping[str, Any]]) -> Values:
    """Return a strategy for bodies: a sample, some of whose values are made."""
    from hypothesis import strategies as st  # noqa: PLC0415

    required: dict[str, Values] = {}
    optional: dict[str, Values] = {}
    for name, field in schema.load_fields.items():
        key = field.data_key or name
        known = [body[key] for body in samples if key in body]
        if not isinstance(field, Told):
            must = field.required and len(known) < len(samples or [{}])
            (required if must else optional)[key] = _values(field, known)
    told = st.fixed_dictionaries(required, optional=optional)
    return st.builds(_merged, st.sampled_from(samples or [{}]), told)


def _merged(sample: Mapping[str, Any], told: Mapping[str, Any]) -> dict[str, Any]:
    return {**sample, **told}


def _values(field: fields.Field[Any], known: list[Any]) -> Values:
    from hypothesis import strategies as st  # noqa: PLC0415

    choices = [made] if (made := _made(field, known)) is not None else []
    if known:
        choices.append(st.sampled_from(known))
    if not choices or not field.required:
        choices.append(st.none())
    return st.one_of(choices)


def _made(field: fields.Field[Any], known: list[Any]) -> Values | None:
    """Return values that `field` takes; None where only samples can tell them."""
    if isinstance(field, fields.Nested):
        return bodies(field.schema, [one for one in known if isinstance(one, dict)])
    if isinstance(field, fields.List):
        return _lists(field, known)
    for kind, make in _makers().items():
        if isinstance(field, kind):
            return make()
    return None


def _lists(field: fields.List[Any], known: list[Any]) -> Values:
    from hypothesis import strategies as st  # noqa: PLC0415

    items = [one for values in known if isinstance(values, list) for one in values]
    return st.lists(_values(field.inner, items), max_size=4)


def _makers() -> dict[type[fields.Field[Any]], Callable[[], Values]]:
    from hypothesis import strategies as st  # noqa: PLC0415

    text = partial(st.text, max_size=MOST)
    return {
        HostId: partial(st.integers, 1, MAX_INTEGER),
        Count: partial(st.integers, 0, MAX_INTEGER),
        Email: partial(st.sampled_from, ("ada@host.example", "[REDACTED]", "")),
        Text: text,
        Time: partial(st.sampled_from, ("2026-01-05T08:00:00Z", "2026-01-05 07:59:00")),
        fields.Boolean: st.booleans,
        fields.Integer: partial(st.integers, -(2**31), 2**31),
        fields.Float: partial(st.floats, allow_nan=False, allow_infinity=False),
        fields.DateTime: partial(st.just, "2026-01-05T08:00:00+00:00"),
        fields.String: text,
    }
