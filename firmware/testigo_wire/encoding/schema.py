"""Checks a decoded array field by field against a table; errors name the field that is wrong.

A table is text, because tuples of tuples would take kilobytes of a chip's heap: fields `name:kind` with a space between
them. A kind is one of

    u  unsigned     s  text     b  bytes     ?  boolean     k  a telephone key, or empty
    #16  bytes of that length     =0|1  one of these numbers     'a|b  one of these texts
    [kind  an array of any number     @name  the record of that name     ~name  a record chosen by its first element

The records are a dict of tables, that of `~way` and the first element "tcp" being "way.tcp". A field `*name:kind`, and all
after it, may be missing: older documents end before it.
"""

from testigo_wire.errors import WireError

KEYS = "0123456789*#ABCD"


class FieldError(WireError):
    """`field` is the path of what is wrong, as `policy.lines[0].rule`."""

    def __init__(self, field, text):
        super().__init__(field + ": " + text)
        self.field = field


def check(table, value, path, records=None):
    """Raise FieldError unless `value` is an array of the fields of `table`."""
    _check_array(value, path)
    table = table.split(" ") if table else []
    count = len(value)
    if count > len(table) or count < len(table) and table[count][0] != "*":
        raise FieldError(path, "%d fields, not %d" % (count, len(table)))
    for i in range(count):
        name, _, kind = table[i].lstrip("*").partition(":")
        check_value(kind, value[i], path + "." + name, records)


def _check_array(value, path):
    if not isinstance(value, list):
        raise FieldError(path, "not an array")


def check_value(kind, value, path, records=None):
    """Raise FieldError unless `value` is of this kind."""
    first = kind[0]
    rest = kind[1:]
    number = isinstance(value, int) and value is not True and value is not False
    text = isinstance(value, str)
    data = isinstance(value, bytes)
    if first == "[":
        _check_array(value, path)
        for i in range(len(value)):
            check_value(rest, value[i], "%s[%d]" % (path, i), records)
        return
    if first == "@":
        check(records[rest], value, path, records)
        return
    if first == "~":
        _check_array(value, path)
        rest = rest + "." + value[0] if value and isinstance(value[0], str) else ""
        if rest not in records:
            raise FieldError(path + "[0]", "unknown kind")
        check(records[rest], value[1:], path, records)
        return
    if first == "u":
        good, wanted = number and value >= 0, "an unsigned number"
    elif first == "s":
        good, wanted = text, "text"
    elif first == "b":
        good, wanted = data, "bytes"
    elif first == "#":
        good, wanted = data and len(value) == int(rest), rest + " bytes"
    elif first == "?":
        good, wanted = value is True or value is False, "a boolean"
    elif first == "k":
        good, wanted = text and (not value or (len(value) == 1 and value in KEYS)), "a telephone key"
    else:
        good = (text and first == "'" and value in rest.split("|")) or (
            number and first == "=" and str(value) in rest.split("|")
        )
        wanted = "one of the known values"
    if not good:
        raise FieldError(path, "not " + wanted)
