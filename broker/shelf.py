"""Keep what arrived until it is taken: what came back apart from what is new."""

from collections import deque

from broker.delivery import Delivery, allowance


class Shelf:
    """Two lines of deliveries, from which batches are taken in turn.

    A batch is either of new messages, or of messages that came back: then no more than
    their allowance, so that few stand beside the one that may kill the worker.
    """

    def __init__(self, prefetch: int) -> None:
        self._prefetch = prefetch
        self._new: deque[Delivery] = deque()
        self._returned: deque[Delivery] = deque()
        self._was_new = False

    def __len__(self) -> int:
        return len(self._new) + len(self._returned)

    def put(self, delivery: Delivery) -> None:
        """Add what has arrived."""
        (self._returned if delivery.delivery_count else self._new).append(delivery)

    def pop(self, limit: int, max_bytes: int) -> list[Delivery]:
        """Remove and return a batch: at most `limit`, and `max_bytes` unless alone."""
        line = self._next_line()
        if line and self._is_lasts_turn(line[0]):
            return [line.pop()]
        batch: list[Delivery] = []
        while line:
            limit = min(limit, allowance(self._prefetch, line[0].delivery_count))
            max_bytes -= line[0].size
            if len(batch) >= limit or (batch and max_bytes < 0):
                break
            batch.append(line.popleft())
        return batch

    def clear(self) -> list[Delivery]:
        """Remove and return all, in the order in which they arrived."""
        left = sorted([*self._new, *self._returned], key=lambda it: it.tag)
        self._new.clear()
        self._returned.clear()
        return left

    def _is_lasts_turn(self, first: Delivery) -> bool:
        # Where each is taken alone, from either end as often: what stands beside one
        # that kills comes back with it, and would be behind it every time.
        returns = first.delivery_count
        return allowance(self._prefetch, returns) == 1 and returns % 2 == 1

    def _next_line(self) -> deque[Delivery]:
        # In turn: neither a long queue nor what came back may make the other wait.
        self._was_new = bool(self._new) and not (self._was_new and self._returned)
        return self._new if self._was_new else self._returned
