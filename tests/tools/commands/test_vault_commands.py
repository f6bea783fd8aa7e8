"""The commands of the vault, as a person types them."""

import json
import wave

import pytest
from sqlalchemy import text as sql

from support.fake_appliance import speech
from support.intake import take
from support.vault_fixtures import AUDIO_PASSPHRASE
from testigo_vault import g711


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


def test_export_reports_why_it_is_refused(testigo, vault, appliance, monkeypatch, tmp_path):
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
    assert testigo("log", "show").count("denied") == 4 and testigo("log", "show").count("failed") == 2


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


def test_an_export_overwrites_nothing(testigo, vault, appliance, tmp_path):
    take(vault, appliance.record(packets=speech(0.2)))
    open_to_all = tmp_path / "call.wav"
    open_to_all.write_text("")
    assert "exists already" in testigo("export", "branch-1/1", open_to_all, status=1)
    assert open_to_all.read_text() == ""
    assert "cannot be written" in testigo("export", "branch-1/1", tmp_path / "no" / "call.wav", status=1)


@pytest.mark.parametrize("name", ["x/99999999999999999999", "x/²", "-1-----", "../../etc", "%"])
def test_unknown_names_are_reported(testigo, name):
    assert "ecording" in testigo("show", "--", name, status=1)


_COPIES = '[[copies]]\nname = "a"\nurl = "copies/first"\n'


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("ingest = 3\n" + _COPIES, "vault.toml line 2: ingest is 3: a table is wanted"),
        ("copies = 5", "vault.toml line 2: copies is 5: a list is wanted, in [ ]"),
        ("copies = [5]", "vault.toml line 2: copies[0] is 5: a table is wanted, [[copies]]"),
        (_COPIES + "options = 3", "vault.toml line 5: copies[0].options is 3: a table is wanted"),
        ("[index]\nurl = 'nonsense'\n" + _COPIES, "does not open"),
        ("[index]\nurl = 'nonsense://x'\n" + _COPIES, "does not open"),
        ("[ingest]\nport = 70000\n" + _COPIES, "vault.toml line 3: ingest.port is 70000: use 0 to 65535"),
        ("[audio]\nunlock_minutes = 0\n" + _COPIES, "vault.toml line 3: audio.unlock_minutes is 0: use 1 to 1440"),
        ("", "needs one or more"),
    ],
)
def test_wrong_settings_are_reported(testigo, folder, text, says):
    (folder / "vault.toml").write_text('name = "x"\n' + text)
    assert says in testigo("list", status=1)


def test_unreadable_files_are_reported(testigo, folder, tmp_path):
    (tmp_path / "policy.toml").write_text('controller = "x"\nlines = [1]\n')
    said = testigo("policy", "sign", tmp_path / "policy.toml", status=1)
    assert "policy.toml line 1: controller is 'x': a table is wanted" in said
    assert "policy.toml line 2: lines[0] is 1: a table is wanted, [[lines]]" in said
    assert "cannot be a device id" in testigo("policy", "settings", "../../x", status=1)
    with wave.open(str(tmp_path / "silence.wav"), "wb") as file:
        file.setparams((1, 2, 8000, 8000, "NONE", ""))
        file.writeframes(bytes(16000))
    assert "only silence" in testigo("notice", "make", "welcome", "--wav", tmp_path / "silence.wav", status=1)
    (folder / "organisation" / "service.secret").write_text("another")
    assert "service secret does not open" in testigo("vault", "run", status=1)
    (folder / "organisation" / "ca.crt").write_text("x")
    assert "cannot be read" in testigo("list", status=1)


def test_a_damaged_index_is_reported_and_made_anew(testigo, vault, appliance, folder):
    """From the first page on, or somewhere inside: each command says what to do, and that does it."""
    for _ in range(3):
        take(vault, appliance.record(packets=speech(0.2)))
    vault.close()
    path = folder / "vault.db"
    data = path.read_bytes()
    for damaged in (b"nonsense " * 1000, data[:4096] + bytes(len(data) - 4096)):
        path.write_bytes(damaged)
        for suffix in ("-wal", "-shm"):
            path.with_name(path.name + suffix).unlink(missing_ok=True)
        for command in (["list"], ["vault", "reindex"]):
            assert "reindex --new-index" in " ".join(testigo(*command, status=1).split())
        said = testigo("vault", "reindex", "--new-index")
        assert "set aside: " in said and "3 recordings indexed" in said
        assert "branch-1/3" in testigo("list")
    assert len(list(folder.glob("vault.db.damaged-*"))) >= 1
    testigo("user", "add", "maite", "--role", "administrator")


def test_an_index_of_a_server_is_not_renamed(testigo, folder):
    settings = folder / "vault.toml"
    settings.write_text(settings.read_text().replace("sqlite:///vault.db", "postgresql://db/x"))
    assert "Make an empty database" in testigo("vault", "reindex", "--new-index", status=1)


def test_an_index_of_a_later_version_is_reported(testigo, vault):
    with vault.database.session() as session:
        session.execute(sql("UPDATE alembic_version SET version_num = '9999'"))
    assert "another version of this program" in testigo("list", status=1)


def test_no_passphrase_on_a_command_line(testigo):
    for verb in ("init", "provision", "export", "verify"):
        said = testigo(verb, "--help")
        assert "--passphrase" not in said and "--password" not in said


def test_the_log_prints_no_control_characters(testigo, vault):
    vault.log.append("\x1b[2Jx", "sign-in", "denied", detail="\x1b]0;y\x07")
    assert "\x1b" not in testigo("log", "show")
