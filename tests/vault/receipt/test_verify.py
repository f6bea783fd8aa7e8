"""Checking receipts: every alteration is found, also one that the operator signs; by the command, with what one has."""

import copy
import json
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from support import policy_calls as calls
from support.fake_appliance import speech
from support.intake import take
from support.lawfulness.erasing import keep_record
from support.lawfulness.unlawful import record
from support.micropython_runner import ROOT
from support.policy_calls import receipt_of, states
from testigo_vault.errors import VaultError
from testigo_vault.receipt import build as receipts
from testigo_vault.receipt import model
from testigo_vault.receipt.model import read
from testigo_vault.receipt.signing import operator_key, sign_content
from testigo_vault.receipt.verify import DIFFERS, OK, UNKNOWN, check
from testigo_vault.recordings.reader import erase_audio
from testigo_vault.recordings.search import RecordingIndex

# Another value that a member may have, so that an alteration is one of meaning and not of shape.
INSTEAD = {
    "near": "far", "far": "near", "es": "en", "en": "es", "call": "part", "part": "joined", "joined": "call",
    "present": "none", "none": "present", "erased": "none", "explicit": "implied", "implied": "explicit",
    "requested": "given", "given": "refused", "refused": "given", "withdrawn": "given", "controller": "processor",
    "processor": "controller", "principal": "worker", "worker": "principal", "authority": "controller",
    "organisation": "person", "person": "organisation", "": "x",
}  # fmt: skip


@pytest.fixture(params=(1, 2))
def exported(request, testigo, vault, appliance, tmp_path):
    """(recording, its receipt as a file) of a call with all that a call can have, of each version of recordings."""
    appliance.version = request.param
    return calls.exported(testigo, vault, appliance, tmp_path)


def leaves(value, path=()):
    """The path of every member that holds no other."""
    if isinstance(value, dict) and value:
        for name in value:
            yield from leaves(value[name], (*path, name))
    elif isinstance(value, list) and value:
        for number, one in enumerate(value):
            yield from leaves(one, (*path, number))
    else:
        yield path


def at(value, path):
    for step in path:
        value = value[step]
    return value


def altered(content, path):
    changed = copy.deepcopy(content)
    value = at(content, path)
    if isinstance(value, bool):
        other = not value
    elif isinstance(value, int):
        other = {0: 1, 1: 2, 2: 1}.get(value, value + 1)
    elif isinstance(value, str):
        other = INSTEAD.get(value) or ("1" if value[0] == "0" else "0") + value[1:]
    elif value is None:
        other = {"recipient": "00" * 8, "key": "00" * 32} if path[-1] == "index_key" else {}
    else:
        other = ["x"]
    at(changed, path[:-1])[path[-1]] = other
    return changed


def found(data, vault=None, recording=None):
    """Whether a check of a receipt in these bytes finds anything."""
    try:
        return bool(states(check(read(data, "it"), recording, vault=vault))[DIFFERS])
    except VaultError:
        return True


def test_every_member_that_is_altered_is_found_by_the_signature(vault, appliance):
    calls.rich(vault, appliance)
    content = json.loads(receipts.as_file(receipt_of(vault, with_key=True)))
    paths = list(leaves(content))
    assert len(paths) > 250
    unnoticed = [path for path in paths if not found(json.dumps(altered(content, path)).encode())]
    assert unnoticed == []
    assert not found(json.dumps(content).encode())


@pytest.mark.parametrize("make", [calls.rich, calls.withdrawn, calls.listed])
def test_every_alteration_that_the_operator_signs_is_found_against_the_recording(vault, appliance, make):
    make(vault, appliance)
    key = operator_key(vault.organisation)
    content = receipt_of(vault, with_key=True).as_data()
    del content["signature"]

    def unnoticed(lie):
        return not found(json.dumps({**lie, "signature": sign_content(key, lie)}).encode(), vault)

    assert unnoticed(content)
    assert [path for path in leaves(content) if unnoticed(altered(content, path))] == []


@pytest.mark.parametrize("name", ["notices", "askings", "worker", "joined", "parts", "pauses", "tones"])
def test_what_the_operator_leaves_out_or_adds_is_found(vault, appliance, name):
    calls.rich(vault, appliance)
    content = receipt_of(vault).model_dump(exclude={"signature"})
    for change in (lambda entries: entries[1:], lambda entries: [*entries, entries[0]]):
        lie = copy.deepcopy(content)
        lie["testigo"][name] = change(lie["testigo"][name])
        assert found(receipts.as_file(receipts.sign_receipt(vault, lie)), vault), name


def test_a_receipt_signed_by_another_key(testigo, vault, exported, tmp_path):
    content = json.loads(exported[1].read_text())
    del content["signature"]
    content["signature"] = sign_content(ec.generate_private_key(ec.SECP256R1()), content)
    (tmp_path / "forged.json").write_text(json.dumps(content))
    said = testigo("consent", "verify", tmp_path / "forged.json", status=1)
    assert "is not this vault's operator key" in said and "did not sign this notice" in said


# Against the recording, by the command


def test_with_the_vault_all_of_it_is_checked(testigo, exported):
    said = testigo("consent", "verify", exported[1])
    assert "✗" not in said and "not checked" not in said and said.count("✓") >= 20


def test_alone_it_says_what_it_could_not_check(testigo, exported, monkeypatch):
    monkeypatch.delenv("TESTIGO_VAULT")
    said = testigo("consent", "verify", exported[1])
    assert said.count("not checked") == 2 and "compare its SHA-256" in said and "give its .tsg file" in said


def test_with_the_recording_alone(testigo, exported, monkeypatch, tmp_path):
    made, file = exported
    monkeypatch.delenv("TESTIGO_VAULT")
    recording = tmp_path / "one.tsg"
    recording.write_bytes(made.data)
    said = testigo("consent", "verify", file, recording)
    assert "its events, which are sealed" in said and "head and signature are the recording's" in said
    recording.write_bytes(made.data[:300] + bytes([made.data[300] ^ 1]) + made.data[301:])
    assert "not as it was sealed" in testigo("consent", "verify", file, recording, status=1)


def test_with_the_recording_and_the_index_key(testigo, folder, exported, monkeypatch, tmp_path):
    made, file = exported
    monkeypatch.delenv("TESTIGO_VAULT")
    monkeypatch.setenv("TESTIGO_SERVICE_SECRET", (folder / "organisation" / "service.secret").read_text().strip())
    (tmp_path / "one.tsg").write_bytes(made.data)
    key = folder / "organisation" / "index.key"
    said = testigo("consent", "verify", file, tmp_path / "one.tsg", "--index-key", key)
    assert "the receipt has every answer that was given" in said and "order of notice, consent and audio" in said
    monkeypatch.setenv("TESTIGO_SERVICE_SECRET", "wrong")
    said = testigo("consent", "verify", file, tmp_path / "one.tsg", "--index-key", key, status=1)
    assert "does not open the index key" in said


def test_with_a_receipt_that_has_the_key(testigo, exported, monkeypatch, tmp_path):
    made, _ = exported
    testigo("consent", "export", "branch-1/1", "--out", tmp_path / "open.json", "--with-key")
    monkeypatch.delenv("TESTIGO_VAULT")
    (tmp_path / "one.tsg").write_bytes(made.data)
    said = testigo("consent", "verify", tmp_path / "open.json", tmp_path / "one.tsg")
    assert "the receipt has every answer that was given" in said and "✗" not in said


def test_another_recording_is_found(testigo, vault, appliance, exported, tmp_path):
    other = calls.plain(vault, appliance, calls.signed(vault))
    (tmp_path / "two.tsg").write_bytes(other.data)
    said = testigo("consent", "verify", exported[1], tmp_path / "two.tsg", status=1)
    assert "recording.recording_id" in said and "recording.head" in said


def test_a_recording_that_the_vault_lost(testigo, vault, exported):
    row = RecordingIndex(vault.database).get("branch-1/1")
    for place in vault.store.places:
        (Path(place.url) / row.path).unlink()
    assert "does not have the recording" in testigo("consent", "verify", exported[1], status=1)


def test_an_access_log_that_lost_lines_since_is_found(testigo, vault, exported):
    """Whoever cuts the log and corrects the index after it cannot correct a receipt that has left the house."""
    told = json.loads(exported[1].read_text())["testigo"]["access_log"]
    for _ in range(2):
        vault.log.append("ane", "view", "granted")
    testigo("consent", "export", "branch-1/1", "--out", exported[1].with_name("later.json"))
    later = exported[1].with_name("later.json")
    head = json.loads(later.read_text())["testigo"]["access_log"]
    lines = vault.log.path.read_bytes().splitlines(True)
    assert [lines[one["line"] - 1][:64].decode() for one in (told, head) if one["line"]] == [
        one["digest"] for one in (told, head) if one["line"]
    ]
    assert head["line"] == told["line"] + 3
    kept = b"".join(line for line in lines if b'"ane"' not in line)
    vault.log.path.write_bytes(kept)
    said = testigo("consent", "verify", later, status=1)
    assert "lines were changed or removed" in said
    assert f"still has the {told['line']} lines" in testigo("consent", "verify", exported[1])


def test_receipts_of_the_first_version_are_still_read():
    data = json.loads((ROOT / "tests" / "vectors" / "consent_receipt_1.json").read_text())["receipt"].encode()
    receipt = read(data, "it")
    assert states(check(receipt))[DIFFERS] == [] and receipts.as_file(receipt) == data
    second = json.loads(data)
    second["receipt_metadata"]["schema_version"] = "testigo consent receipt 2"
    with pytest.raises(VaultError, match="access_log is a member of version 2"):
        read(json.dumps(second).encode(), "it")


def test_the_archive_is_what_it_is_checked_against(testigo, vault, exported):
    archive = vault.folder / "documents" / "archive"
    toml = archive / "policy-1.toml"
    toml.write_text(toml.read_text().replace("365", "30"))
    assert "is not the text that policy version 1 was signed from" in testigo(
        "consent", "verify", exported[1], status=1
    )


def test_what_the_archive_lacks_is_reported(testigo, vault, appliance, tmp_path):
    calls.plain(vault, appliance)
    assert "Note:" not in testigo("consent", "export", "branch-1/1", "--out", tmp_path / "whole.json")
    for file in (vault.folder / "documents" / "archive").iterdir():
        file.unlink()
    said = " ".join(testigo("consent", "export", "branch-1/1", "--out", tmp_path / "poor.json").split())
    assert (
        "does not have policy version 1" in said and "lacks its words" in said and "Restore documents/archive" in said
    )
    checked = testigo("consent", "verify", tmp_path / "poor.json")
    assert "policy version 1: the archive does not have it" in checked


def test_words_that_were_signed_anew_for_the_same_sound(vault, appliance):
    calls.plain(vault, appliance)
    receipt = receipt_of(vault)
    calls.signed(vault, texts={"es": "Otras palabras para el mismo sonido."})
    assert states(check(receipt, vault=vault))[DIFFERS] == []
    assert receipt_of(vault).testigo.notices[0].text == "Otras palabras para el mismo sonido."


def test_the_page_is_not_the_receipt(testigo, vault, appliance, tmp_path):
    calls.plain(vault, appliance)
    testigo("consent", "export", "branch-1/1", "--out", tmp_path / "r.json", "--pdf", tmp_path / "r.pdf")
    assert "Save the attachment" in testigo("consent", "verify", tmp_path / "r.pdf", status=1)


def test_audio_that_was_destroyed_since(vault, appliance):
    made = calls.plain(vault, appliance)
    receipt = receipt_of(vault)
    erased = erase_audio(made.data)
    checks = states(check(receipt, erased, vault=vault))
    assert any("unlawful: audio-destroyed" in text for text in checks[DIFFERS])
    recording = RecordingIndex(vault.database).get("branch-1/1")
    keep_record(vault, recording, made.data)
    checks = states(check(receipt, erased, vault=vault))
    assert checks[DIFFERS] == [] and any("destroyed since" in text for text in checks[OK])


def test_a_receipt_tells_what_the_check_of_lawfulness_found(vault, appliance):
    sums = [("quality", 19_000, leg, 0, 0, 0, 0, 0) for leg in (0, 1)]
    made = record(vault, appliance, after=[*sums, ("hang_up", 20_000, 1, 200, "BYE")])
    take(vault, made)
    receipt = receipt_of(vault, language="es")
    assert [one.code for one in receipt.testigo.findings] == ["leg-silent", "leg-silent"]
    assert "no se recibió nada" in receipt.testigo.findings[0].words
    assert states(check(receipt, vault=vault))[DIFFERS] == []
    content = receipt.as_data()
    del content["signature"]
    content["testigo"]["findings"].pop()
    wrong = states(check(receipts.sign_receipt(vault, content), vault=vault))[DIFFERS]
    assert wrong and all("findings" in text for text in wrong)


def test_a_receipt_of_version_0_2_holds(vault, appliance):
    """It has no findings; its signature is over the members that it has."""
    calls.plain(vault, appliance)
    content = receipt_of(vault).as_data()
    del content["signature"], content["testigo"]["findings"], content["testigo"]["access_log"]
    content["receipt_metadata"]["schema_version"] = model.FIRST_SCHEMA
    signature = sign_content(operator_key(vault.organisation), content)
    receipt = read(json.dumps({**content, "signature": signature}).encode(), "old")
    assert states(check(receipt, vault=vault))[DIFFERS] == []
    assert b"findings" not in receipts.as_file(receipt)


def test_a_recording_that_turns_out_unlawful(vault, appliance, audio_key):
    """The policy was lost when the receipt was made; with the policy the consent is by the wrong key."""
    digest = calls.signed(vault)
    policy = vault.folder / "documents" / "archive" / "policy-1.tsd"
    kept = policy.rename(policy.with_suffix(".away"))
    events = calls.honest(digest, key="9")
    take(vault, appliance.record(events=events, packets=speech(0.5, start_ms=7000), seconds=20))
    receipt = receipt_of(vault)
    assert [one.code for one in receipt.testigo.findings] == ["policy-missing"]
    assert any("archive does not have it" in text for text in states(check(receipt, vault=vault))[UNKNOWN])
    kept.rename(policy)
    assert any("consent-key" in text for text in states(check(receipt, vault=vault))[DIFFERS])


def test_the_export_is_in_the_access_log(vault, exported):
    told = json.loads(exported[1].read_text())
    line = next(entry for entry in vault.log.entries() if entry.kind == "consent-export")
    assert told["receipt_metadata"]["receipt_id"] in line.detail and told["testigo"]["issued"] in line.detail


def test_an_export_without_a_log_entry_is_found(vault, appliance):
    calls.plain(vault, appliance)
    recording = RecordingIndex(vault.database).get("branch-1/1")
    receipt = receipts.make(vault, recording, *receipts.new_id())
    assert any("access log has no line" in text for text in states(check(receipt, vault=vault))[DIFFERS])


def test_nothing_is_overwritten(testigo, exported):
    before = exported[1].read_bytes()
    assert "exists already" in testigo("consent", "export", "branch-1/1", "--out", exported[1], status=1)
    assert exported[1].read_bytes() == before


def test_files_that_are_not_there(testigo, tmp_path):
    assert "cannot be read" in testigo("consent", "verify", tmp_path / "no.json", status=1)
    assert "No recording" in testigo("consent", "export", "branch-1/9", status=1)
