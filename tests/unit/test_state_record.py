"""Folding: whatever the order, the same events make the same record."""

from datetime import UTC, datetime, timedelta
from itertools import permutations

from hypothesis import given
from hypothesis import strategies as st

from handlers import NULL, Delete, Mention, Put
from state.record import Record, fold, knows
from state.version import Rank, Version

EMPTY = Record(identity={"source": "gitlab", "user_id": 41})
EPOCH = datetime(2026, 3, 1, tzinfo=UTC)


def version(time, *, rank=Rank.CHANGE, row=0):
    told = EPOCH + timedelta(seconds=time)
    return Version(1, told, EPOCH + timedelta(days=row), rank, time, "d")


def put(**fields):
    return Put("users", 41, fields)


def values(record):
    return {name: value for name, (_, value) in record.told.items()}


def fold_all(events, *, final):
    record = EMPTY
    for change, told_at in events:
        record = fold(record, change, told_at, final=final)
    return record


def test_each_field_keeps_what_the_newest_event_told():
    record = fold_all(
        [
            (put(name="Ada", email="ada@corp.example"), version(1)),
            (put(name="Ada B.", email=None), version(2)),
        ],
        final=True,
    )

    assert values(record) == {"name": "Ada B.", "email": "ada@corp.example"}


def test_a_late_event_adds_what_no_newer_one_told():
    record = fold_all(
        [(put(name="Ada B."), version(2)), (put(name="Ada", team="x"), version(1))],
        final=True,
    )

    assert values(record) == {"name": "Ada B.", "team": "x"}


def test_null_is_told_and_none_is_not():
    record = fold_all(
        [
            (put(expires="soon", level="Guest"), version(1)),
            (put(expires=NULL, level=None), version(2)),
        ],
        final=False,
    )

    assert values(record) == {"expires": None, "level": "Guest"}


def test_a_final_deletion_leaves_nothing_readable_and_is_final():
    record = fold_all(
        [
            (put(name="Ada"), version(1)),
            (Delete("users", 41), version(2)),
            (put(name="Ada"), version(3)),
        ],
        final=True,
    )

    assert not record.lives
    assert record.told == {}
    assert record.version == version(2)


def test_a_row_that_is_made_again_lives_with_what_is_told_of_it_alone():
    record = fold_all(
        [
            (put(level="Guest", note="old"), version(1)),
            (Delete("memberships", "x"), version(2)),
            (put(level="Owner"), version(2, row=1)),
        ],
        final=False,
    )

    assert record.lives
    assert values(record) == {"level": "Owner"}


def test_a_stale_event_returns_the_record_itself():
    record = fold_all([(put(name="Ada"), version(5))], final=True)

    late = fold(record, put(name="Eve"), version(4), final=True)

    assert late is record
    assert not knows(late, version(4))


def test_an_event_that_came_before_is_known():
    record = fold_all([(put(name="Ada"), version(5))], final=True)

    assert fold(record, put(name="Ada"), version(5), final=True) is record
    assert knows(record, version(5))


names = st.sampled_from(("name", "email", "level"))
fields = st.dictionaries(names, st.sampled_from(("x", "y", None, NULL)), max_size=3)
changes = st.one_of(
    fields.map(lambda told: Put("c", 1, told)),
    fields.map(lambda told: Mention("c", 1, told)),
    st.just(Delete("c", 1)),
)


@given(st.lists(changes, min_size=1, max_size=5), st.booleans(), st.data())
def test_any_order_and_repetition_makes_the_same_record(listed, final, data):
    events = [
        (change, version(i // 2, rank=data.draw(st.sampled_from(Rank)), row=i % 2))
        for i, change in enumerate(listed)
    ]
    in_order = fold_all(events, final=final)

    for shuffled in permutations(events):
        assert fold_all([*shuffled, shuffled[0]], final=final) == in_order
