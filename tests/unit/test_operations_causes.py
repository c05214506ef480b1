"""Dead letters of one cause have one key, whatever else differs."""

import traceback
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from broker.dead_letter import DeadLetter
from config.tracebacks import format_traceback
from operations.causes import cause_of, letter_key
from operations.groups import MAX_LISTED, grouped
from schemas.errors import ForgewireError, HandlerFailed, InvalidPayload, Poison

NOW = 1_790_000_000_000_000
SECOND = 1_000_000
A_LETTER = DeadLetter(
    delivery_id="d-1",
    event="user_create",
    source="gitlab",
    receipt="3f9c2a71.1",
    reason="handler-failed",
    detail=None,
    handler="handlers.users.save",
    received_at=NOW,
    dead_at=NOW,
    attempts=1,
    body=b"{}",
)


def first(told):
    return told["id"]


def second(told):
    return told["id"]


def died_of(decide, told):
    """The traceback of a handler that raised, as a worker keeps it."""
    try:
        try:
            decide(told)
        except Exception as exc:
            raise HandlerFailed("handlers.users.save raised KeyError") from exc
    except HandlerFailed as exc:
        return format_traceback(exc, (ForgewireError,))


def rejected(message, kind=InvalidPayload):
    return "".join(traceback.format_exception(kind(message)))


def key(detail, **changes):
    return cause_of(replace(A_LETTER, detail=detail, **changes)).key


def test_the_cause_of_a_handler_that_raised_tells_where_and_what():
    cause = cause_of(replace(A_LETTER, detail=died_of(first, {})))

    assert cause.problem == "handlers.users.save raised KeyError"
    assert cause.where == "unit/test_operations_causes.py in first"
    assert cause.code == 'return told["id"]'


def test_who_raised_elsewhere_is_another_cause():
    assert key(died_of(first, {})) != key(died_of(second, {}))


def test_lines_may_move_and_folders_may_differ():
    detail = died_of(first, {})
    moved = detail.replace(", line ", ", line 9")
    elsewhere = detail.replace('File "', 'File "/srv/another')

    assert len({key(it) for it in (detail, moved, elsewhere)}) == 1


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("owners.0.email: Not a valid string.", "owners.17.email: Not a valid string."),
        ("3 workers began with it alone", "5 workers began with it alone"),
    ],
)
def test_where_in_a_list_and_how_often_is_no_other_cause(one, other):
    assert key(rejected(one)) == key(rejected(other))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("user_id: Missing.", "name: Missing."),
        ("MongoDB refused it with code [121]", "MongoDB refused it with code [2]"),
    ],
)
def test_another_problem_is_another_cause(one, other):
    assert key(rejected(one)) != key(rejected(other))


def test_reason_and_handler_tell_causes_apart():
    keys = {
        key(None),
        key(None, reason="delivery-limit"),
        key(None, handler="handlers.users.rename"),
        key(None, handler=None),
    }

    assert len(keys) == 4


def test_a_key_is_the_same_in_every_process():
    detail = rejected("user_id: Missing data for required field.")
    cause = cause_of(replace(A_LETTER, reason="invalid-payload", detail=detail))

    assert cause.problem == "user_id: Missing data for required field."
    assert cause.key == "f4b72b21488e"


def test_a_problem_is_told_without_the_name_of_our_exception():
    cause = cause_of(replace(A_LETTER, detail=rejected("2 workers", Poison)))

    assert cause.problem == "Several workers"


@pytest.mark.parametrize("detail", [None, "", "\n", "nonsense", 'File "', "\ud800"])
def test_whatever_stands_for_a_traceback_has_a_cause(detail):
    assert len(key(detail)) == 12


def test_each_letter_has_a_key_also_without_an_id():
    foreign = replace(A_LETTER, delivery_id=None, receipt=None, dead_at=None)
    letters = [
        A_LETTER,
        replace(A_LETTER, receipt="3f9c2a71.2"),
        replace(A_LETTER, source="other"),
        foreign,
        replace(foreign, body=b"[]"),
    ]

    assert len({letter_key(it) for it in letters}) == len(letters)
    assert letter_key(A_LETTER) == letter_key(replace(A_LETTER))


def test_groups_count_what_died_of_one_cause_the_largest_first():
    letters = [
        replace(A_LETTER, reason="poison", event="push", detail="old", dead_at=NOW),
        replace(A_LETTER, event=None, source=None, dead_at=None, detail=None),
        *(
            replace(A_LETTER, receipt=f"a.{number}", dead_at=NOW + number * SECOND)
            for number in range(3)
        ),
    ]

    large, small = grouped(letters)

    assert (large.number, small.number) == (4, 1)
    assert large.events == Counter({"user_create": 3, "unknown": 1})
    assert large.sources == Counter({"gitlab": 3, "unknown": 1})
    assert large.first == datetime.fromtimestamp(NOW / SECOND, UTC)
    assert large.last == datetime.fromtimestamp(NOW / SECOND + 2, UTC)
    assert small.cause.reason == "poison"


def test_a_group_tells_the_traceback_of_the_last_one_and_lists_the_oldest():
    def letter(number):
        # The same but for the line, as of another release.
        detail = died_of(first, {}).replace(", line ", f", line {number}")
        return replace(A_LETTER, receipt=f"a.{number}", detail=detail, dead_at=number)

    (group,) = grouped(map(letter, range(1, MAX_LISTED + 6)))

    assert group.number == MAX_LISTED + 5
    assert len(group.letters) == MAX_LISTED
    assert group.letters[0]["receipt"] == "a.1"
    assert f", line {MAX_LISTED + 5}" in group.detail
    assert "body" not in group.letters[0]
    assert group.letters[0]["key"] == letter_key(letter(1))


def test_each_letter_of_a_group_is_found_by_its_delivery():
    letters = [replace(A_LETTER, delivery_id=f"d-{it}") for it in range(MAX_LISTED + 9)]

    (group,) = grouped(letters)

    assert group.keys["gitlab", f"d-{MAX_LISTED + 8}"] == letter_key(letters[-1])
