"""The plan of key presses that `testigo call --keys` takes."""

import pytest

from testigo_tools.softphone import keys as softphone_keys


def test_key_plans_are_parsed():
    plan = softphone_keys.parse("1@+4.0, w2, 5#")
    assert [(press.digit, press.at, press.wait) for press in plan] == [
        ("1", 4.0, softphone_keys.PAUSE_S),
        ("5", None, 2.0),
        ("#", None, softphone_keys.PAUSE_S),
    ]
    for bad in ("x", "1@", "w", "1@-1", "1@nan"):
        with pytest.raises(ValueError):
            softphone_keys.parse(bad)
