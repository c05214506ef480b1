"""What came back is taken apart from what is new, in groups that shrink."""

from pika import BasicProperties

from broker.delivery import Delivery, allowance
from broker.shelf import Shelf

PLENTY = 1 << 20


def shelf_of(*returns, prefetch=1000):
    """A shelf with one delivery for each number of returns, tagged in order."""
    shelf = Shelf(prefetch)
    for tag, count in enumerate(returns, start=1):
        headers = {"x-delivery-count": count} if count else None
        shelf.put(Delivery(None, tag, BasicProperties(headers=headers), b"x"))
    return shelf


def batches(shelf, limit=500):
    taken = []
    while shelf:
        taken.append([it.tag for it in shelf.pop(limit, PLENTY)])
    return taken


def test_the_more_often_a_message_came_back_the_fewer_stand_beside_it():
    assert [allowance(1000, returns) for returns in range(4)] == [1000, 31, 1, 1]
    assert [allowance(65_535, returns) for returns in range(4)] == [65_535, 2047, 63, 1]
    assert [allowance(1, returns) for returns in range(2)] == [1, 1]


def test_what_is_new_and_what_came_back_are_taken_in_turn():
    shelf = shelf_of(0, 1, 0, 2, 0, 1)

    assert batches(shelf, limit=2) == [[1, 3], [2], [5], [4], [6]]


def test_what_came_back_once_is_taken_in_groups():
    sizes = [len(batch) for batch in batches(shelf_of(*[1] * 70))]

    assert sizes == [31, 31, 8]


def test_what_came_back_again_is_taken_alone():
    assert batches(shelf_of(2, 2, 3)) == [[1], [2], [3]]


def test_what_stands_behind_a_killer_stands_before_it_when_both_come_back():
    assert batches(shelf_of(2, 2)) == [[1], [2]]
    assert batches(shelf_of(3, 3)) == [[2], [1]]


def test_all_that_is_left_comes_out_in_order():
    shelf = shelf_of(1, 0, 2, 0)

    left = [it.tag for it in shelf.clear()]

    assert left == [1, 2, 3, 4]
    assert not shelf
