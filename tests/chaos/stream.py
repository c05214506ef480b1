"""A seeded stream of hooks from the simulated host, whose state is known throughout."""

from datetime import timedelta
from random import Random

from tests.gitlab import ACTIONS, GitLab

#: What makes things, more often than the rest, so that the host does not run empty.
GROWTH = (
    "create_user",
    "create_group",
    "create_project",
    "create_key",
    "add_member",
    "update_member",
    "rename_user",
    "rename_group",
    "update_project",
)


class Stream:
    """A host at which something happens each second."""

    def __init__(self, seed):
        self.host = GitLab()
        self._random = Random(seed)

    def more(self, number):
        """Return the next hooks, that many or a few more."""
        sent = len(self.host.hooks)
        while len(self.host.hooks) < sent + number:
            action = self._random.choice(ACTIONS + GROWTH * 3)
            choices = self._random.randrange(1000), self._random.randrange(1000)
            getattr(self.host, action)(*choices)
            # Within a second, the order in which two receivers take them would count.
            self.host.now += timedelta(seconds=1)
        return self.host.hooks[sent:]
