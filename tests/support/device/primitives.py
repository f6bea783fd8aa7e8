"""What a test of `testigo_wire` may use beside `testigo_wire`: on CPython and on MicroPython alike.

`PRIMITIVES` are the host's on CPython and the device's on MicroPython, so that every vector
is checked against both sets.
"""

import json
import sys

ON_DEVICE = sys.implementation.name == "micropython"

if ON_DEVICE:
    from recorder.storage.primitives import DEVICE as PRIMITIVES
else:
    from testigo_vault.primitives import HOST as PRIMITIVES  # noqa: F401


def raises(exception, function, *arguments):
    """Call, expect the exception, and return it."""
    try:
        function(*arguments)
    except exception as error:
        return error
    raise AssertionError("did not raise " + exception.__name__)


def vectors(name):
    """The content of tests/vectors/<name>.json."""
    here = __file__.rsplit("/", 1)[0]
    with open(here + "/../../vectors/" + name + ".json") as file:
        return json.load(file)
