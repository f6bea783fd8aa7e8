"""The field table checker names what is wrong."""

from support.device import primitives as prims
from testigo_wire.encoding import schema

SPEC = "number:u text:s data:b id:#4 flag:? key:k mode:'a|b rows:[@row way:~way"
RECORDS = {"row": "x:u y:s", "way.tcp": "host:s", "way.none": ""}
GOOD = [1, "t", b"", b"1234", True, "*", "a", [[1, "y"], [2, "z"]], ["tcp", "h"]]


def test_good():
    schema.check(SPEC, GOOD, "doc", RECORDS)
    schema.check(SPEC, GOOD[:5] + ["", "b", [], ["none"]], "doc", RECORDS)


def test_fields_that_may_be_missing():
    table = "number:u *text:s *rows:[@row"
    for value in ([1], [1, "t"], [1, "t", [[1, "y"]]]):
        schema.check(table, value, "doc", RECORDS)
    for value, said in (
        ([], "doc: 0 fields, not 3"),
        ([1, 2], "doc.text: not text"),
        ([1, "t", [[1]]], "doc.rows[0]: 1 fields, not 2"),
        ([1, "t", [], 4], "doc: 4 fields, not 3"),
    ):
        assert str(prims.raises(schema.FieldError, schema.check, table, value, "doc", RECORDS)) == said


def test_names_the_field():
    for at, value, path in (
        (0, -1, "doc.number"),
        (0, True, "doc.number"),
        (0, "1", "doc.number"),
        (1, b"t", "doc.text"),
        (2, "t", "doc.data"),
        (3, b"123", "doc.id"),
        (4, 1, "doc.flag"),
        (5, "11", "doc.key"),
        (5, "x", "doc.key"),
        (6, "c", "doc.mode"),
        (6, 0, "doc.mode"),
        (7, {}, "doc.rows"),
        (7, [[1, "y"], [2, 3]], "doc.rows[1].y"),
        (7, [[1]], "doc.rows[0]"),
        (8, ["udp"], "doc.way[0]"),
        (8, [], "doc.way[0]"),
        (8, [[1]], "doc.way[0]"),
        (8, ["tcp"], "doc.way"),
        (8, ["tcp", 1], "doc.way.host"),
    ):
        bad = list(GOOD)
        bad[at] = value
        error = prims.raises(schema.FieldError, schema.check, SPEC, bad, "doc", RECORDS)
        assert error.field == path, (error.field, path)
        assert str(error).startswith(path + ": ")


def test_length_of_the_record():
    assert prims.raises(schema.FieldError, schema.check, SPEC, GOOD[:-1], "doc", RECORDS).field == "doc"
    assert prims.raises(schema.FieldError, schema.check, SPEC, GOOD + [1], "doc", RECORDS).field == "doc"
    assert prims.raises(schema.FieldError, schema.check, SPEC, None, "doc", RECORDS).field == "doc"


def test_numbers_and_booleans_are_not_mixed_up():
    for value in (True, 1.0, "1", 2, None):
        prims.raises(schema.FieldError, schema.check_value, "=0|1", value, "x")
    for value in (1, "a|b", "", None, b"a"):
        prims.raises(schema.FieldError, schema.check_value, "'a|b", value, "x")
    schema.check_value("=0|1", 1, "x")
    schema.check_value("'a||b", "", "x")
