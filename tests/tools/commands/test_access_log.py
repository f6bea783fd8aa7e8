"""What commands write to the access log: granted, denied, or failed where the thing did not happen. `testigo log accept`."""

import re

import pytest
from sqlalchemy import text

from support.fake_appliance import speech
from support.intake import take
from support.micropython_runner import ROOT
from testigo_vault.recordings.search import RecordingIndex

UNKNOWN = "0123456789abcdef"


@pytest.fixture
def recording(vault, appliance):
    take(vault, appliance.record(packets=speech(0.5)))
    return RecordingIndex(vault.database).get("branch-1/1")


def lines(vault):
    return [(entry.kind, entry.outcome, entry.detail) for entry in vault.log.entries()]


def test_commands_that_were_refused_have_one_line_and_no_granted_one(testigo, vault, recording, monkeypatch, tmp_path):
    vault.users.add("ane", ["agent"], "a long enough password", 0)
    for arguments, kind, outcome, says in (
        (("export", UNKNOWN), "export", "denied", "No recording"),
        (("show", UNKNOWN), "view", "denied", "No recording"),
        (("consent", "export", UNKNOWN), "consent-export", "denied", "No recording"),
        (("user", "add", "ane", "--role", "agent"), "user-add", "failed", "ane as agent: There is a user ane already."),
        (("user", "add", "jon", "--role", "boss"), "user-add", "failed", "jon as boss: No role is called 'boss'."),
        (("user", "roles", "nobody", "--role", "agent"), "user-roles", "denied", "nobody as agent: There is no user"),
        (("user", "password", "nobody"), "user-password", "denied", "nobody: There is no user"),
        (("user", "disable", "nobody"), "user-disable", "denied", "nobody: There is no user"),
        (
            ("vault", "revoke", "branch-9", "--reason", "stolen"),
            "revoke-device",
            "denied",
            "branch-9: stolen: No device",
        ),
        (("objections", "add", "x" * 300), "objections-add", "failed", "not done"),
        (("objections", "remove", "+34600111222"), "objections-remove", "denied", "not on the list"),
    ):
        before = lines(vault)
        testigo(*arguments, status=1)
        written = lines(vault)[len(before) :]
        assert [one[:2] for one in written] == [(kind, outcome)], arguments
        assert written[0][2].startswith(says), arguments
    monkeypatch.setenv("TESTIGO_AUDIO_PASSPHRASE", "wrong")
    testigo("export", "branch-1/1", tmp_path / "x.wav", status=1)
    assert lines(vault)[-1][:2] == ("export", "denied")
    testigo("verify", "--deep", status=1)
    assert lines(vault)[-1][:2] == ("unlock-audio", "denied")
    assert not any(outcome == "granted" for _, outcome, _ in lines(vault))


def test_commands_that_failed_later_have_a_line_that_says_so(testigo, vault, recording, tmp_path):
    there = tmp_path / "there.wav"
    there.write_bytes(b"")
    for arguments, kind in (
        (("export", "branch-1/1", there), "export"),
        (("consent", "export", "branch-1/1", "--out", there), "consent-export"),
    ):
        testigo(*arguments, status=1)
        granted, failed = lines(vault)[-2:]
        assert (granted[:2], failed[:2]) == ((kind, "granted"), (kind, "failed"))
        number = len(lines(vault)) - 1
        assert re.search(rf"after line {number}: .*there\.wav exists already\.", failed[2])


def test_each_command_writes_its_lines_by_an_attempt():
    """`log.append` of "granted" would stay so if the command then failed."""
    folder = ROOT / "tools" / "testigo_tools"
    direct = [path.name for path in folder.rglob("*.py") if "log.append(" in path.read_text()]
    assert direct == ["objections.py"]  # which logs what the register says, and failures beside


def test_commands_that_worked_have_one_line(testigo, vault, recording, tmp_path):
    testigo("export", "branch-1/1", tmp_path / "a.wav")
    testigo("show", "branch-1/1")
    testigo("user", "add", "ane", "--role", "agent")
    assert [one[:2] for one in lines(vault)] == [("export", "granted"), ("view", "granted"), ("user-add", "granted")]


def test_a_log_that_was_restored_is_accepted_by_command(testigo, vault, recording):
    for _ in range(3):
        testigo("show", "branch-1/1")
    head = vault.log.head().digest
    with vault.database.session() as session:
        session.execute(text("DELETE FROM log_anchor"))
    assert "has no anchor in the index" in testigo("log", "verify", status=1)
    assert "not in this log" in testigo("log", "accept", "--reason", "lost", "--head", "0" * 64, status=1)
    assert "Line 5 of the access log" in testigo("log", "accept", "--reason", "vault.db was lost", "--head", head)
    assert "5 lines, unbroken" in testigo("log", "verify")
    assert "has its anchor" in testigo("log", "accept", "--reason", "again", status=1)
    assert [one[1] for one in lines(vault) if one[0] == "log-accept"] == ["denied", "granted", "denied"]
