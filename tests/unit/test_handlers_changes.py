"""Check the verbs in which handlers speak."""

import pytest

from handlers import NULL, Mention, Put
from handlers.changes import RESERVED


@pytest.mark.parametrize("verb", [Put, Mention])
@pytest.mark.parametrize("name", sorted(RESERVED))
def test_a_field_that_belongs_to_the_state_is_refused(verb, name):
    with pytest.raises(ValueError, match="belong to the state"):
        verb("tools", 1, {name: "hammer"})


def test_empty_is_not_the_same_as_not_told():
    assert NULL is not None
    assert repr(NULL) == "NULL"
