"""The decision of the policy about a call, before a notice is played."""

from support.device import primitives as prims
from testigo_wire.policy import decision, documents, fields, schedule

VECTORS = prims.vectors("documents")
LINE = [documents.parse(bytes.fromhex(v["document"])).body for v in VECTORS["documents"] if v["kind"] == "policy"][0][
    9
][0]
HOUR = 3600000


def line(**changes):
    made = list(LINE)
    made[fields.SCHEDULE], made[fields.ONLY], made[fields.EXCEPT] = [], [], []
    for name in changes:
        made[getattr(fields, name.upper())] = changes[name]
    return made


def test_line_by_name_and_direction():
    lines = [line(name="a", direction="in"), line(name="a", direction="out"), line(name="b")]
    assert decision.find_line(lines, "a", "in") is lines[0]
    assert decision.find_line(lines, "a", "out") is lines[1]
    assert decision.find_line(lines, "b", "out") is lines[2]
    assert decision.find_line(lines, "c", "in") is None
    assert decision.find_line(lines[:1], "a", "out") is None
    assert decision.find_line(lines, "A", "in") is None, "of another name, whichever is first in the alphabet"


def test_local_time():
    # 1970-01-01 was a Thursday
    assert schedule.local_minutes(0, []) == (3, 0)
    assert schedule.local_minutes(0, [[0, 1440 + 60]]) == (3, 60)
    assert schedule.local_minutes(0, [[0, 1440 - 60]]) == (2, 1380)
    # 2026-03-29 01:00 UTC: summer time begins in Madrid
    offsets = [[0, 1440 + 60], [1774746000000, 1440 + 120]]
    assert schedule.local_minutes(1774746000000 - 60000, offsets) == (6, 119)
    assert schedule.local_minutes(1774746000000, offsets) == (6, 180)


def test_schedule():
    weekdays = [[31, 480, 1080], [32, 540, 780]]
    monday = 1764547200000  # 2025-12-01 00:00 UTC
    offsets = [[0, 1440 + 60]]
    for hours, inside in (
        (6.99, False),
        (7, True),
        (16.99, True),
        (17, False),
        (24 * 5 + 8, True),
        (24 * 6 + 8, False),
    ):
        now = monday + int(hours * HOUR)
        assert schedule.covers(weekdays, now, offsets) == inside, hours


def test_why_not():
    for made, other, objected, why in (
        (None, "", False, "no line in the policy"),
        (line(mode="never"), "", False, "mode never"),
        (line(), "", False, ""),
        (line(), "+34600111222", True, "objection list"),
        (line(schedule=[[1, 0, 1]]), "", False, "outside the schedule"),
        (line(schedule=[[127, 0, 1440]]), "", False, ""),
        (line(only=["+34"]), "+34600111222", False, ""),
        (line(only=["+34"]), "+33100000000", False, "not of the numbers to be recorded"),
        (line(only=["+34"]), "", False, "not of the numbers to be recorded"),
        (line(**{"except": ["+34600"]}), "+34600111222", False, "of the numbers not to be recorded"),
        (line(**{"except": ["+34600"]}), "", False, ""),
        (line(mode="on-demand"), "", False, ""),
    ):
        assert decision.unrecorded_reason(made, 1764547200000 + 8 * HOUR, [], other, objected) == why, why


def test_numbers_are_needed_where_a_setting_names_numbers():
    voices = [["es", "es", "", []], ["en", "en", "3", ["+44"]]]
    assert not decision.needs_numbers(line(voices=voices[:1]))
    assert decision.needs_numbers(line(voices=voices))
    assert decision.needs_numbers(line(voices=voices[:1], only=["+34"]))
    assert decision.needs_numbers(line(voices=voices[:1], **{"except": ["+34"]}))


def test_voice_by_called_number():
    made = line(voices=[["es", "es", "", []], ["en", "en", "3", ["+34911", "+44"]], ["fr", "fr", "4", ["+33"]]])
    assert decision.first_voice(made, "+34911000111") == 1
    assert decision.first_voice(made, "+33100000000") == 2
    assert decision.first_voice(made, "+34912000111") == 0
    assert decision.first_voice(made, "") == 0


def test_prefixes():
    assert decision.has_prefix("+34600111222", ["+33", "+346"])
    assert decision.has_prefix("+34600111222", ["+34600111222"])
    assert not decision.has_prefix("+34600111222", ["+346001112223", "34"])
    assert not decision.has_prefix("", ["+34"])
    assert not decision.has_prefix("+34600111222", [])
