"""The state does not depend on the order, repetition or batching of events."""

from concurrent.futures import ThreadPoolExecutor
from random import Random

import pytest
from hypothesis import event, given, settings
from hypothesis import strategies as st

from state.client import connect
from state.migrations import migrate
from state.store import Store
from tests.gitlab import ACTIONS, GitLab, Hook, live
from tests.world import apply_in_batches, clear, differences, documents

#: What every host begins with, so that all that follows finds something to act on.
GROWN = [
    ("create_user", 0, 0, 1),
    ("create_user", 0, 0, 0),
    ("create_group", 0, 0, 1),
    ("create_group", 1, 1, 1),
    ("create_project", 0, 0, 0),
    ("create_project", 1, 1, 1),
    ("create_project", 2, 2, 1),
    ("create_key", 0, 0, 1),
    ("add_member", 0, 0, 0),
    ("add_member", 1, 1, 1),
    ("add_member", 0, 3, 1),
]
#: What bears upon other documents, more often than the rest.
FAR_REACHING = (
    "transfer_project",
    "destroy_group",
    "rename_group",
    "rename_user",
    "destroy_user",
    "remove_member",
    "add_member",
)

choices = st.integers(0, 9)
steps = st.tuples(
    st.sampled_from(ACTIONS + FAR_REACHING),
    choices,
    choices,
    st.sampled_from((0, 0, 1, 2)),
)


@pytest.fixture(scope="module")
def db(mongodb):
    db = connect(mongodb.url.replace("/forgewire", "/order"), name="test")
    migrate(db)
    yield db
    db.client.drop_database(db.name)
    db.client.close()


def in_batches(hooks: list[Hook], random: Random) -> list[list[Hook]]:
    cuts = sorted(random.sample(range(len(hooks) + 1), min(len(hooks), 6)))
    return [hooks[a:b] for a, b in zip([0, *cuts], [*cuts, None], strict=True)]


def shuffled(host: GitLab, random: Random) -> list[Hook]:
    """All hooks, a quarter of them twice, in any order."""
    hooks = host.hooks + random.sample(host.hooks, len(host.hooks) // 4)
    random.shuffle(hooks)
    return hooks


@pytest.mark.timeout(280)
@settings(max_examples=200)
@given(st.lists(steps, min_size=10, max_size=30), st.randoms(use_true_random=False))
def test_any_order_over_two_workers_ends_as_the_host_did(db, history, random):
    host = live([*GROWN, *history])
    event(f"{len(host.hooks) // 10 * 10} hooks or more")
    clear(db)
    apply_in_batches(Store(db, "gitlab"), [host.hooks])
    in_order = documents(db)
    found_in_order = differences(host, db)

    clear(db)
    hooks = shuffled(host, random)
    half = random.randint(0, len(hooks))
    with ThreadPoolExecutor(2) as workers:
        runs = [
            workers.submit(
                apply_in_batches, Store(db, "gitlab"), in_batches(part, random)
            )
            for part in (hooks[:half], hooks[half:])
        ]
        for run in runs:
            run.result()

    assert found_in_order == []
    assert differences(host, db) == []
    assert documents(db) == in_order
