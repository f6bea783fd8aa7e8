"""How a caller agrees, objects, or says nothing: each ends as a person would expect."""

from branch import events
from sipp import Caller, Worker


def answering() -> Worker:
    return Worker().incoming().ring().answer().talk().expect_bye()


def test_opt_in_by_info_is_recorded(branch):
    branch.policy(rule="opt-in")
    branch.call(Caller().invite().answered().talk().pause(900).info("1").pause(800).bye(), answering())
    recording = branch.recording()
    assert recording.reason == "hang-up" and recording.audio == "present"
    assert events(recording, "consent") == [["opt-in", True, "key", "1", "info"]]
