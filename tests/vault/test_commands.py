"""The commands of the vault, as a person types them."""

import json
import wave

import pytest
from conftest import AUDIO_PASSPHRASE, PASSPHRASE
from stand_in import speech
from test_intake import take
from typer.testing import CliRunner

from testigo_tools.cli import assemble
from testigo_vault import g711


@pytest.fixture
def testigo(folder, monkeypatch):
    monkeypatch.setenv("TESTIGO_VAULT", str(folder))
    monkeypatch.setenv("TESTIGO_PASSPHRASE", PASSPHRASE)
    monkeypatch.setenv("TESTIGO_AUDIO_PASSPHRASE", AUDIO_PASSPHRASE)
    monkeypatch.setenv("TESTIGO_PASSWORD", "a long enough password")
    monkeypatch.setenv("COLUMNS", "200")

    def run(*arguments, status=0):
        result = CliRunner().invoke(assemble(arguments[0]), [str(argument) for argument in arguments])
        assert result.exit_code == status, result.output
        return result.output

    return run


def test_list_show_verify_export(testigo, vault, appliance, tmp_path):
    made = appliance.record(packets=speech(2))
    take(vault, made)
    assert "branch-1/1" in testigo("list", "600111")
    assert json.loads(testigo("list", "--json"))[0]["outcome"] == "recorded"
    shown = testigo("show", "branch-1/1")
    assert "Consent given by pressing key 1" in shown and "to its end" in shown
    assert json.loads(testigo("show", made.recording_id.hex()[:8], "--json"))["evidence"]["key"] == "1"
    assert "all whole" in testigo("verify", "--deep")
    testigo("export", "branch-1/1", tmp_path / "call.wav", "--raw", "--json")
    assert (tmp_path / "call.wav").stat().st_mode & 0o077 == 0
    assert (tmp_path / "call.near.ul").read_bytes() == made.payloads[0]
    assert (tmp_path / "call.far.ul").read_bytes() == made.payloads[1]
    with wave.open(str(tmp_path / "call.wav")) as file:
        frames = file.readframes(file.getnframes())
    near = b"".join(frames[i : i + 2] for i in range(0, len(frames), 4))
    assert near == bytes(2 * 2000 * 8) + g711.decode("PCMU", made.payloads[0])
    log = testigo("log", "show")
    for kind in ("view", "verify-deep", "export"):
        assert kind in log
    assert "unbroken" in testigo("log", "verify")


def test_export_says_why_not(testigo, vault, appliance, monkeypatch, tmp_path):
    take(vault, appliance.record(packets=speech(0.2)))
    objected = [("objection", 5000, 1, "9", "rfc4733")]
    take(vault, appliance.record(packets=speech(0.2), reason="objection", after=objected))
    take(vault, appliance.record())
    take(vault, appliance.record(events=[("call", 0, "", "in", "a", "b", "", "sip")], packets=speech(0.2)))
    monkeypatch.setenv("TESTIGO_AUDIO_PASSPHRASE", "wrong")
    assert "passphrase does not open the audio key" in testigo("export", "branch-1/1", status=1)
    monkeypatch.setenv("TESTIGO_AUDIO_PASSPHRASE", AUDIO_PASSPHRASE)
    assert "was destroyed" in testigo("export", "branch-1/2", status=1)
    assert "never held audio" in testigo("export", "branch-1/3", status=1)
    assert "in quarantine" in testigo("export", "branch-1/4", status=1)
    assert "names no recording" in testigo("export", "x", status=1)
    assert "No recording" in testigo("export", "branch-1/77", status=1)
    assert testigo("log", "show").count("denied") == 4


def test_verify_names_findings_and_fails(testigo, vault, appliance):
    made = appliance.record(packets=speech(0.5))
    take(vault, made)
    appliance.record()
    take(vault, appliance.record(packets=speech(0.2)))
    path = next((vault.folder / "copies" / "second").rglob(f"*{made.recording_id.hex()}*"))
    data = bytearray(path.read_bytes())
    data[len(made.items[0]) + 20] ^= 1
    path.write_bytes(data)
    said = testigo("verify", status=1)
    assert "copy second" in said and "item 1" in said and "number 2 never arrived" in said
    assert "copy first" not in said


def test_users_devices_reindex(testigo, vault, appliance):
    take(vault, appliance.record(packets=speech(0.2)))
    testigo("user", "add", "ane", "--role", "auditor")
    assert "No role is called 'boss'" in testigo("user", "add", "jon", "--role", "boss", status=1)
    testigo("user", "disable", "ane")
    assert "disabled" in testigo("user", "list")
    assert "1 recordings indexed" in testigo("vault", "reindex")
    testigo("vault", "revoke", "branch-1", "--reason", "stolen")
    assert "stolen" in testigo("vault", "devices")


def test_no_vault_here(testigo, tmp_path):
    said = testigo("list", "--vault", tmp_path, status=1)
    assert "is not a vault" in said and "testigo init" in said
