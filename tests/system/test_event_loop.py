"""Nothing holds up the audio: the turns of the event loop keep to its budget while every part runs (docs/event-loop.md)."""

import pytest

from support.branch import Branch
from support.event_loop import everything
from support.event_loop.metered import MeteredAppliance, over_budget, table


@pytest.fixture
def metered(vault, tmp_path, micropython):
    appliance = MeteredAppliance(tmp_path / "root", micropython)
    branch = Branch(tmp_path / "branch", vault, f"metered-{tmp_path.name[-6:]}")
    appliance.start()
    branch.connect(appliance.port)
    try:
        yield appliance, branch
    finally:
        branch.disconnect()
        branch.close()
        appliance.stop()


def test_every_part_keeps_to_the_budget(metered):
    appliance, branch = metered
    everything.prepare(branch)
    appliance.figures()
    everything.run(branch)
    figures = appliance.figures()["calls"]
    everything.check_talk(branch)
    assert [line for line in branch.log() if "fault" in line or "packet handler" in line or "failed" in line] == []
    print("with calls up\n" + table(figures))
    assert over_budget(figures) == [], table(figures)
