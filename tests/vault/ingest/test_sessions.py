"""Sessions of appliances: one of each, and the slowest gives way."""

import pytest

from testigo_vault.ingest.sessions import Sessions


class Task:
    """What a session needs of its task: that it can be ended."""

    def __init__(self):
        self.ended = False

    def cancel(self):
        self.ended = True


@pytest.fixture
def clock():
    return [1000.0]


@pytest.fixture
def sessions(clock):
    return Sessions(3, lambda: clock[0])


def begin(sessions, name):
    return sessions.begin(name, Task())[0]


def test_the_slowest_gives_way(sessions, clock):
    fast, trickling, other = (begin(sessions, name) for name in ("fast", "trickling", "other"))
    fast.received, trickling.received, other.received = 9_000_000, 60, 50_000
    clock[0] += 3600
    assert not begin(sessions, "fast").task.ended and fast.task.ended
    assert not trickling.task.ended
    begin(sessions, "new")
    assert trickling.task.ended and not other.task.ended


def test_a_new_session_is_not_judged_at_once(sessions, clock):
    slow = begin(sessions, "slow")
    slow.received = 100_000
    clock[0] += 100
    new = begin(sessions, "new")
    begin(sessions, "newer")
    begin(sessions, "newest")
    assert slow.task.ended and not new.task.ended


def test_an_older_session_that_ends_does_not_end_the_newer(sessions):
    older = begin(sessions, "one")
    newer = begin(sessions, "one")
    sessions.end(older)
    for name in ("two", "three", "four"):
        begin(sessions, name)
    assert older.task.ended and newer.task.ended
