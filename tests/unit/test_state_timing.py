"""How long a write takes is told however it ends."""

import pytest

from state.timing import timing, untimed


def test_a_block_is_timed_also_if_it_fails():
    told = []

    with timing(lambda *it: told.append(it), "users"):
        pass
    with pytest.raises(ZeroDivisionError), timing(lambda *it: told.append(it), "keys"):
        raise ZeroDivisionError

    assert [what for what, _ in told] == ["users", "keys"]
    assert all(0 <= seconds < 1 for _, seconds in told)


def test_nobody_need_be_told():
    with timing(untimed, "users"):
        pass
