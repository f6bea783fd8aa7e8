"""Checks a decoded array field by field against a table, and names the field that is wrong.

A specification is one of: "u" unsigned, "s" text, "b" bytes, "?" boolean, "k" a telephone key or nothing; an int: that
many bytes; a tuple of values: one of them; a tuple of (name, specification) pairs: an array of those fields; a list of
one specification: an array of any number of such; a dict: an array whose first element chooses the rest.
"""

from testigo_wire.errors import WireError

KEYS = "0123456789*#ABCD"


class FieldError(WireError):
    """`field` is the path of what is wrong, as `policy.lines[0].rule`."""

    def __init__(self, field, text):
        super().__init__(field + ": " + text)
        self.field = field


def check(spec, value, path):
    """Raise FieldError unless `value` is as `spec` says."""
    if isinstance(spec, list):
        _check_array(value, path)
        for i in range(len(value)):
            check(spec[0], value[i], "%s[%d]" % (path, i))
    elif isinstance(spec, dict):
        _check_array(value, path)
        kind = value[0] if value else None
        if not isinstance(kind, str) or kind not in spec:
            raise FieldError(path + "[0]", "unknown kind")
        _check_record(spec[kind], value[1:], path)
    elif isinstance(spec, tuple):
        if spec and isinstance(spec[0], tuple):
            _check_array(value, path)
            _check_record(spec, value, path)
        elif not any(type(value) is type(choice) and value == choice for choice in spec):
            raise FieldError(path, "not one of the known values")
    else:
        _check_value(spec, value, path)


def _check_array(value, path):
    if not isinstance(value, list):
        raise FieldError(path, "not an array")


def _check_record(spec, value, path):
    if len(value) != len(spec):
        raise FieldError(path, "%d fields, not %d" % (len(value), len(spec)))
    for (name, inner), part in zip(spec, value):
        check(inner, part, path + "." + name)


def _check_value(spec, value, path):
    if isinstance(spec, int):
        good = isinstance(value, bytes) and len(value) == spec
        text = "not %d bytes" % spec
    elif spec == "u":
        good = isinstance(value, int) and value is not True and value is not False and value >= 0
        text = "not an unsigned number"
    elif spec == "s":
        good, text = isinstance(value, str), "not text"
    elif spec == "b":
        good, text = isinstance(value, bytes), "not bytes"
    elif spec == "k":
        good = isinstance(value, str) and (not value or (len(value) == 1 and value in KEYS))
        text = "not a telephone key"
    else:
        good, text = value is True or value is False, "not a boolean"
    if not good:
        raise FieldError(path, text)
