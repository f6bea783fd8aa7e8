"""What is told too often is summed up: the first of each period, then how many more there were."""

import pytest

from testigo_vault.audit.repetition import Repetition


@pytest.fixture
def told():
    return []


@pytest.fixture
def clock():
    return [1000.0]


@pytest.fixture
def repetition(told, clock):
    def sum_up(count, sources, last):
        return f"{count} more from {sources}; the last: {last}"

    return Repetition(told.append, sum_up, 2, 3600, lambda: clock[0])


def test_many_are_summed_up(repetition, told, clock):
    for number in range(10_000):
        repetition.add(f"192.0.2.{number % 7}", f"text {number}")
    assert told == ["text 0", "text 1"]
    repetition.flush()
    assert len(told) == 2
    clock[0] += 3600
    repetition.flush()
    assert told[2:] == ["9998 more from 7; the last: text 9999"]
    repetition.flush()
    assert len(told) == 3


def test_each_period_begins_anew(repetition, told, clock):
    for _ in range(3):
        repetition.add("a", "one")
    clock[0] += 4000
    repetition.add("b", "two")
    assert told == ["one", "one", "1 more from 1; the last: one", "two"]


def test_few_are_told_as_they_are(repetition, told, clock):
    repetition.add("a", "one")
    clock[0] += 4000
    repetition.flush()
    repetition.flush(at_end=True)
    assert told == ["one"]


def test_nothing_is_lost_at_the_end(repetition, told):
    for _ in range(3):
        repetition.add("a", "one")
    repetition.flush(at_end=True)
    assert told[-1] == "1 more from 1; the last: one"
