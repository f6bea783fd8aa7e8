"""The order of recordings of appliances whose clock was never set, fell back, ran ahead, or was set late."""

import random

import pytest
from sqlalchemy import select, text

from support.fake_appliance import OPENED_MS, Appliance, speech
from support.intake import take
from testigo_vault.recordings.reindex import reindex
from testigo_vault.recordings.search import Query, RecordingIndex
from testigo_vault.storage.models import Recording
from testigo_vault.timestamps import now_ms

HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS
YEAR_2000 = 946_684_800_000
NEVER, KEPT, SET = 0, 1, 2


@pytest.fixture
def stored(vault, appliance, monkeypatch):
    """stored(opened_ms, clock, at_ms) -> the row of a recording with this time, stored at at_ms."""

    def store(opened_ms, clock=SET, at_ms=0, of=appliance, **changes):
        monkeypatch.setattr("testigo_vault.ingest.admission.now_ms", lambda: at_ms or opened_ms + HOUR_MS)
        made = of.record(opened_ms=opened_ms, clock=clock, **changes)
        take(vault, made, device_id=of.device_id)
        return made

    return store


def listed(vault, **query):
    rows, total = RecordingIndex(vault.database).find(Query(**query))
    assert total == len(rows)
    return [row.number for row in reversed(rows)]


def get(vault, number, device="branch-1"):
    return RecordingIndex(vault.database).get(f"{device}/{number}")


def bounds(row):
    return row.placed_ms, row.earliest_ms, row.latest_ms, row.time_trusted


def test_a_clock_that_was_set_is_trusted(vault, stored):
    stored(OPENED_MS)
    stored(OPENED_MS + HOUR_MS)
    assert bounds(get(vault, 2)) == (OPENED_MS + HOUR_MS,) * 3 + (True,)
    assert listed(vault) == [1, 2]


def test_a_clock_that_fell_back_keeps_the_order_of_numbers(vault, stored):
    at = OPENED_MS + DAY_MS
    stored(OPENED_MS, at_ms=at)
    stored(YEAR_2000 + 5000, KEPT, at_ms=at)
    stored(YEAR_2000 + 1000, KEPT, at_ms=at + 1)
    stored(YEAR_2000 + 2000, NEVER, at_ms=at + 2)
    assert listed(vault) == [1, 2, 3, 4]
    assert bounds(get(vault, 2)) == (at, OPENED_MS, at, False)
    stored(OPENED_MS + 2 * HOUR_MS, at_ms=at + 3)
    assert listed(vault) == [1, 2, 3, 4, 5]
    for number in (2, 3, 4):
        assert bounds(get(vault, number)) == (OPENED_MS + 2 * HOUR_MS, OPENED_MS, OPENED_MS + 2 * HOUR_MS, False)


def test_a_kept_clock_is_used_between_its_bounds(vault, stored):
    at = OPENED_MS + DAY_MS
    stored(OPENED_MS, at_ms=at)
    stored(OPENED_MS - HOUR_MS, KEPT, at_ms=at)  # after a power cut: the time kept is that of an hour ago
    stored(OPENED_MS + HOUR_MS, KEPT, at_ms=at)
    stored(OPENED_MS + 3 * HOUR_MS, SET, at_ms=at)
    assert listed(vault) == [1, 2, 3, 4]
    assert get(vault, 3).placed_ms == OPENED_MS + HOUR_MS and not get(vault, 3).time_trusted
    assert bounds(get(vault, 2))[:3] == (OPENED_MS + HOUR_MS, OPENED_MS, OPENED_MS + 3 * HOUR_MS)


def test_a_clock_years_ahead_is_not_trusted_though_it_was_set(vault, stored):
    ahead = OPENED_MS + 3650 * DAY_MS
    stored(OPENED_MS, at_ms=OPENED_MS + 1000)
    stored(ahead, at_ms=OPENED_MS + HOUR_MS)
    stored(OPENED_MS + 2 * HOUR_MS)
    assert listed(vault) == [1, 2, 3]
    assert bounds(get(vault, 2)) == (OPENED_MS + HOUR_MS, OPENED_MS, OPENED_MS + HOUR_MS, False)


def test_a_clock_that_was_set_and_contradicts_lower_numbers_is_not_trusted(vault, stored):
    stored(OPENED_MS)
    stored(YEAR_2000, at_ms=OPENED_MS + HOUR_MS)
    stored(OPENED_MS + 2 * HOUR_MS)
    assert listed(vault) == [1, 2, 3] and not get(vault, 2).time_trusted
    assert get(vault, 3).time_trusted


def test_a_clock_that_is_corrected_by_seconds_stays_trusted_and_in_order(vault, stored):
    stored(OPENED_MS)
    stored(OPENED_MS - 20_000)
    assert get(vault, 2).time_trusted and listed(vault) == [1, 2]
    assert get(vault, 2).opened_ms == OPENED_MS - 20_000


def test_several_appliances_are_in_one_order(vault, appliance, stored, tmp_path):
    other = Appliance(vault.organisation, "branch-2", tmp_path)
    at = OPENED_MS + 5 * HOUR_MS
    stored(OPENED_MS)
    stored(YEAR_2000, KEPT, at_ms=at)
    stored(OPENED_MS + 2 * HOUR_MS, of=other)
    stored(OPENED_MS + 6 * HOUR_MS, of=other)
    stored(OPENED_MS + 7 * HOUR_MS)
    rows, _ = RecordingIndex(vault.database).find(Query())
    order = [(row.device_id, row.number) for row in reversed(rows)]
    assert order == [("branch-1", 1), ("branch-2", 1), ("branch-1", 2), ("branch-2", 2), ("branch-1", 3)]


def test_search_by_time_finds_what_may_have_taken_place_then(vault, stored):
    at = OPENED_MS + 10 * DAY_MS
    stored(OPENED_MS, at_ms=at)
    stored(YEAR_2000, NEVER, at_ms=at)
    stored(OPENED_MS + 8 * DAY_MS, at_ms=at)
    assert listed(vault, from_ms=OPENED_MS + 3 * DAY_MS, until_ms=OPENED_MS + 4 * DAY_MS) == [2]
    assert listed(vault, from_ms=OPENED_MS + 8 * DAY_MS + 1) == []
    assert listed(vault, until_ms=OPENED_MS + 1) == [1, 2]
    assert listed(vault, until_ms=OPENED_MS) == []
    assert listed(vault, until_ms=YEAR_2000 + DAY_MS) == [], "what its clock said is not when it was"


def test_before_a_first_trusted_time_there_is_the_registration(vault, stored):
    at = now_ms() + HOUR_MS
    stored(YEAR_2000, NEVER, at_ms=at)
    row = get(vault, 1)
    assert row.placed_ms == row.latest_ms == at
    assert abs(row.earliest_ms - now_ms()) < 600_000


def test_the_order_is_that_of_numbers_whatever_comes_in_whatever_order(vault, appliance, monkeypatch):
    """Random clocks and orders of arrival: what is trusted may differ with the order, the order of numbers may not."""
    for seed in range(12):
        chance = random.Random(seed)
        other = Appliance(vault.organisation, f"random-{seed}", appliance.folder)
        made = []
        real = OPENED_MS
        for _ in range(9):
            real += chance.randrange(2, 50) * HOUR_MS
            clock = chance.choice((NEVER, KEPT, SET, SET))
            opened = (
                real if clock == SET else real - chance.choice((0, 1, 30)) * HOUR_MS if clock == KEPT else YEAR_2000
            )
            if chance.random() < 0.15:
                opened = real + chance.choice((-1, 1)) * 400 * DAY_MS
            made.append(other.record(opened_ms=opened, clock=clock))
        arrival = chance.choice((made, chance.sample(made, len(made))))
        for one in arrival:
            monkeypatch.setattr("testigo_vault.ingest.admission.now_ms", lambda real=real: real + 60 * DAY_MS)
            take(vault, one, device_id=other.device_id)
        numbers = listed(vault, device_id=other.device_id)
        assert numbers == sorted(numbers), (seed, numbers)
        rows, _ = RecordingIndex(vault.database).find(Query(device_id=other.device_id))
        for row in rows:
            assert row.earliest_ms <= row.placed_ms <= row.latest_ms, (seed, row.number)


def test_the_index_is_made_again_with_the_same_times(vault, stored):
    at = OPENED_MS + DAY_MS
    stored(OPENED_MS, at_ms=at)
    stored(YEAR_2000 + 5000, KEPT, at_ms=at)
    stored(OPENED_MS + HOUR_MS, KEPT, at_ms=at, packets=speech(0.4))
    stored(OPENED_MS + 2 * HOUR_MS, at_ms=at)
    before = [bounds(get(vault, number)) for number in (1, 2, 3, 4)]
    reindex(vault)
    assert [bounds(get(vault, number)) for number in (1, 2, 3, 4)] == before


def test_the_list_is_read_in_the_order_of_an_index(vault, stored):
    stored(OPENED_MS)
    order = (Recording.placed_ms.desc(), Recording.device_id.desc(), Recording.number.desc())
    query = select(Recording).order_by(*order).limit(50).compile(vault.database.engine)
    with vault.database.read() as session:
        plan = session.execute(text("EXPLAIN QUERY PLAN " + str(query).replace("?", "50"))).all()
    assert "recording_placed" in str(plan) and "TEMP B-TREE" not in str(plan)
