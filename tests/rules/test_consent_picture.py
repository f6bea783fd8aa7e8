"""The picture of consent shows the table that the firmware runs."""

import runpy

from micropython_runner import ROOT


def test_picture_is_of_this_table():
    maker = runpy.run_path(str(ROOT / "docs" / "make_consent.py"))
    drawn = maker["draw"]()
    assert maker["PICTURE"].read_text(encoding="utf-8") == drawn, "run: python docs/make_consent.py"
    causes = maker["edges"]()
    ways_in = {pair[0] for pair, found in causes.items() for _, action in found if action == "record"}
    # Nothing records but the end of a notice, or an answer after it.
    assert ways_in == {"notice", "agreed", "asked"}
