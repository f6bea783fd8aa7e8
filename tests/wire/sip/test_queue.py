"""What waits for the application is bounded, in order, and counted when it is dropped."""

from testigo_wire.sip.queue import Queue


def test_items_leave_in_order():
    queue = Queue(3)
    for item in (1, 2):
        queue.append(item)
    assert len(queue) == 2
    assert queue.take() == [1, 2] and len(queue) == 0
    assert queue.take() == []


def test_a_full_queue_drops_the_newest_and_counts_it():
    queue = Queue(3)
    for item in range(5):
        queue.append(item)
    assert queue.dropped == 2
    assert queue.take() == [0, 1, 2]
    queue.append(9)
    assert queue.take() == [9] and queue.dropped == 2


def test_it_grows_and_never_shrinks():
    queue = Queue(1)
    queue.append("a")
    queue.grow(2)
    queue.append("b")
    queue.grow(1)
    queue.append("c")
    assert queue.take() == ["a", "b"] and queue.dropped == 1
