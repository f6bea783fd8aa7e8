"""Receipts of consent: what they say, that they are signed, and that every alteration is found, also a signed one."""

import base64
import copy
import hashlib
import json
from pathlib import Path

import pytest
import receipt_calls as calls
import rfc8785
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, utils
from jsonschema import Draft202012Validator
from test_intake import take

from testigo_vault import receipt as receipts
from testigo_vault.catalogue import Catalogue
from testigo_vault.errors import VaultError
from testigo_vault.reading import erase_audio
from testigo_vault.receipt_checks import DIFFERS, OK, UNKNOWN, check
from testigo_vault.receipt_model import read, schema
from testigo_vault.receipt_signing import operator_key, sign_content
from testigo_wire.recording import parse_item

SCHEMA = Path(__file__).resolve().parents[2] / "docs" / "formats" / "consent-receipt.schema.json"
# Another value that a member may have, so that an alteration is one of meaning and not of shape.
INSTEAD = {
    "near": "far", "far": "near", "es": "en", "en": "es", "call": "part", "part": "joined", "joined": "call",
    "present": "none", "none": "present", "erased": "none", "explicit": "implied", "implied": "explicit",
    "requested": "given", "given": "refused", "refused": "given", "withdrawn": "given", "controller": "processor",
    "processor": "controller", "principal": "worker", "worker": "principal", "authority": "controller",
    "organisation": "person", "person": "organisation", "": "x",
}  # fmt: skip


@pytest.fixture
def exported(testigo, vault, appliance, tmp_path):
    """(recording, its receipt as a file) of a call with all that a call can have."""
    made = calls.rich(vault, appliance)
    file = tmp_path / "receipt.json"
    testigo("consent", "export", "branch-1/1", "--out", file, "--language", "es")
    return made, file


def states(checks):
    return {state: [one.text for one in checks if one.state == state] for state in (OK, DIFFERS, UNKNOWN)}


def receipt_of(vault, number=1, **more):
    """A receipt whose export is in the log, without the command."""
    recording = Catalogue(vault.database).get(f"branch-1/{number}")
    receipt_id, issued = receipts.new_id()
    vault.log.append("os:test", receipts.LOGGED, "granted", recording.id, receipts.log_detail(receipt_id, issued))
    return receipts.make(vault, recording, receipt_id, issued, **more)


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


# What it says


def test_all_that_happened_is_told(exported):
    made, file = exported
    told = json.loads(file.read_text())
    facts = told["testigo"]
    assert told["record_metadata"]["pii_principal_id"] == "+34600111222"
    assert told["record_metadata"]["record_id"].replace("-", "") == made.recording_id.hex()
    assert [one["purpose"] for one in told["pii_processing"]["purposes"]] == [
        "dejar constancia de lo acordado",
        "seguir la incidencia",
    ]
    assert told["pii_processing"]["purposes"][0]["retention_period"] == "P365D"
    assert told["pii_processing"]["language"] == ["es", "en"]
    roles = {one["party_role"]: one["party_name"] for one in told["party_identification"]}
    assert roles["controller"] == "Ejemplo e Hijos, S.L." and roles["processor"] == "Grabaciones Norte, S.A."
    assert [one["event_state"] for one in told["events"]] == ["requested", "requested", "given", "requested", "refused"]
    assert facts["outcome"] == "given-in-part"
    assert [one["text"] for one in facts["notices"]] == [calls.TEXTS["es"], calls.TEXTS["en"], calls.TEXTS["es"]]
    second = facts["notices"][1]
    assert (second["begin"]["t_ms"], second["end"]["t_ms"], second["completed"]) == (1900, 5400, True)
    assert second["begin"]["time"] == "2026-09-21T15:13:21.900Z"
    assert [(one["why"], one["notices"]) for one in facts["askings"]] == [("part", [0, 1]), ("joined", [2])]
    assert facts["askings"][0]["answer"]["key"] == "1"
    assert facts["askings"][1]["answer"]["by"] == "timeout"
    assert facts["worker"][0]["reference"] == calls.WORKER
    assert (facts["pauses"][0]["length_ms"], facts["pauses"][0]["ended_by"]) == (31_500, "limit")
    assert facts["parts"][0]["ended_by"] == "host"
    assert facts["joined"][0]["party"] == "+34600999888"
    assert facts["tones"][0]["hertz"] == 1400
    assert facts["recording"]["head"] == made.head.hex()
    assert file.stat().st_mode & 0o077 == 0


def test_neither_audio_nor_digits_are_in_it(exported):
    made, file = exported
    text = file.read_text()
    assert "dtmf" not in text
    audio = [item for item in made.items if parse_item(item)[0].stream == 1]
    assert audio
    for item in audio:
        assert base64.b64encode(item[20:60]).decode() not in text and item[20:60].hex() not in text


@pytest.mark.parametrize(
    ("make", "outcome", "events"),
    [
        (calls.plain, "given", ["requested", "given"]),
        (calls.withdrawn, "withdrawn", ["requested", "given", "withdrawn"]),
        (calls.refused, "objected", ["requested", "refused", "refused"]),
        (calls.listed, "not-asked", []),
    ],
)
def test_a_receipt_for_every_outcome(vault, appliance, make, outcome, events):
    make(vault, appliance)
    made = receipt_of(vault)
    assert made.testigo.outcome == outcome
    assert [one.event_state for one in made.events] == events
    assert states(check(made, vault=vault))[DIFFERS] == []


def test_the_language_follows_the_notice_that_was_heard(vault, appliance):
    digest = calls.signed(vault)
    calls.plain(vault, appliance, digest)
    assert receipt_of(vault).testigo.language == "es"
    assert receipt_of(vault, language="en").pii_processing.purposes[0].purpose == "keep proof of what is agreed"


def test_a_withheld_number_is_not_made_up(vault, appliance):
    calls.listed(vault, appliance)
    made = receipt_of(vault)
    assert made.record_metadata.pii_principal_id == "*222"
    assert made.testigo.unrecorded == ["objection list"]


def test_of_a_self_test(vault, appliance):
    events = [
        ("call", 0, "", "in", "", "", "", "test"), ("policy", 0, 0, b"", "all", "notify"),
        ("consent", 5, "notify", True, "test", "", ""),
    ]  # fmt: skip
    assert take(vault, appliance.record(events=events, reason="test")).state == "good"
    made = receipt_of(vault)
    assert (made.testigo.outcome, made.record_metadata.pii_principal_id) == ("test", "unknown")
    assert states(check(made, vault=vault))[DIFFERS] == []


def test_before_there_was_an_archive(vault, appliance):
    from stand_in import AGREED, speech

    take(vault, appliance.record(events=AGREED, packets=speech(0.2)))
    made = receipt_of(vault)
    assert made.testigo.policy.signed is None and made.testigo.notices[0].text == ""
    found_ = states(check(made, vault=vault))
    assert found_[DIFFERS] == [] and len(found_[UNKNOWN]) == 2


def test_none_for_what_is_in_quarantine(testigo, vault, appliance):
    from stand_in import AGREED, speech

    take(vault, appliance.record(events=AGREED[:4], packets=speech(0.2)))
    assert "is in quarantine" in testigo("consent", "export", "branch-1/1", status=1)
    assert list(vault.log.entries())[-1].outcome == "denied"


# Its shape


def test_the_published_schema_is_the_one_of_the_code():
    assert json.loads(SCHEMA.read_text()) == schema()
    Draft202012Validator.check_schema(schema())


@pytest.mark.parametrize("make", [calls.rich, calls.withdrawn, calls.refused, calls.listed])
def test_receipts_fit_the_schema(vault, appliance, make):
    make(vault, appliance)
    validator = Draft202012Validator(json.loads(SCHEMA.read_text()))
    for with_key in (False, True):
        told = json.loads(receipts.as_file(receipt_of(vault, with_key=with_key)))
        assert list(validator.iter_errors(told)) == []
    del told["testigo"]["notices"]
    assert list(validator.iter_errors(told))


@pytest.mark.parametrize(
    "spoil",
    [
        lambda text: text.replace('"number": 1,', '"number": 1, "number": 1,'),
        lambda text: text.replace('"number": 1,', '"number": 1.0,'),
        lambda text: text.replace('"number": 1,', '"number": NaN,'),
        lambda text: text.replace('"number": 1,', '"number": "1",'),
        lambda text: text.replace('"number": 1,', '"number": 1, "more": 1,'),
        lambda text: text.replace('"number": 1,', ""),
        lambda text: text.replace("+34600111222", "\\ud800"),
        lambda text: text[:-20],
        lambda text: "[" * 100_000,
        lambda text: "",
    ],
)
def test_what_is_no_receipt_is_told(testigo, exported, tmp_path, spoil):
    spoiled = tmp_path / "spoiled.json"
    text = exported[1].read_text()
    spoiled.write_text(spoil(text))
    assert spoiled.read_text() != text
    said = testigo("consent", "verify", spoiled, status=1)
    assert "is no consent receipt" in said or "differ" in said


def test_names_that_a_terminal_would_obey_are_escaped_and_whole(vault, appliance):
    name = "sip:\x1b]0;x\x07\u202e\u2028<b>\U000e0041@example.net"
    calls.plain(vault, appliance, caller=name)
    made = receipt_of(vault)
    file = receipts.as_file(made).decode()
    assert all(c.isprintable() or c == "\n" for c in file)
    assert json.loads(file)["testigo"]["call"]["caller"] == name
    assert states(check(read(file.encode(), "it"), vault=vault))[DIFFERS] == []


# Its signature


def test_any_jose_library_can_check_it(vault, exported):
    """By the two RFCs and nothing of this program."""
    told = json.loads(exported[1].read_text())
    signature = told.pop("signature")

    def bytes_of(text):
        return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))

    header = json.loads(bytes_of(signature["protected"]))
    assert (header["alg"], header["typ"]) == ("ES256", "testigo-consent-receipt+jws")
    payload = base64.urlsafe_b64encode(rfc8785.dumps(told)).rstrip(b"=").decode()
    x, y = (int.from_bytes(bytes_of(header["jwk"][name])) for name in "xy")
    raw = bytes_of(signature["signature"])
    der = utils.encode_dss_signature(int.from_bytes(raw[:32]), int.from_bytes(raw[32:]))
    key = ec.EllipticCurvePublicNumbers(x, y, ec.SECP256R1()).public_key()
    key.verify(der, f"{signature['protected']}.{payload}".encode(), ec.ECDSA(hashes.SHA256()))
    assert header["kid"] == hashlib.sha256(vault.organisation.operator_public).hexdigest()


def test_spaces_and_order_do_not_matter(testigo, exported, tmp_path):
    told = json.loads(exported[1].read_text())
    (tmp_path / "other.json").write_text(json.dumps(dict(reversed(told.items()))))
    testigo("consent", "verify", tmp_path / "other.json")


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
    content = receipt_of(vault, with_key=True).model_dump(exclude={"signature"})

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


def test_signed_by_another(testigo, vault, exported, tmp_path):
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
    assert "every answer is told" in said and "order of notice, consent and audio" in said
    monkeypatch.setenv("TESTIGO_SERVICE_SECRET", "wrong")
    said = testigo("consent", "verify", file, tmp_path / "one.tsg", "--index-key", key, status=1)
    assert "does not open the index key" in said


def test_with_a_receipt_that_has_the_key(testigo, exported, monkeypatch, tmp_path):
    made, _ = exported
    testigo("consent", "export", "branch-1/1", "--out", tmp_path / "open.json", "--with-key")
    monkeypatch.delenv("TESTIGO_VAULT")
    (tmp_path / "one.tsg").write_bytes(made.data)
    said = testigo("consent", "verify", tmp_path / "open.json", tmp_path / "one.tsg")
    assert "every answer is told" in said and "✗" not in said


def test_another_recording(testigo, vault, appliance, exported, tmp_path):
    other = calls.plain(vault, appliance, calls.signed(vault))
    (tmp_path / "two.tsg").write_bytes(other.data)
    said = testigo("consent", "verify", exported[1], tmp_path / "two.tsg", status=1)
    assert "recording.recording_id" in said and "recording.head" in said


def test_a_recording_that_the_vault_lost(testigo, vault, exported):
    row = Catalogue(vault.database).get("branch-1/1")
    for place in vault.store.places:
        place.delete(row.path)
    assert "does not have the recording" in testigo("consent", "verify", exported[1], status=1)


def test_the_archive_is_what_it_is_checked_against(testigo, vault, exported):
    archive = vault.folder / "documents" / "archive"
    toml = archive / "policy-1.toml"
    toml.write_text(toml.read_text().replace("365", "30"))
    assert "is not the text that policy version 1 was signed from" in testigo(
        "consent", "verify", exported[1], status=1
    )


def test_audio_that_was_destroyed_since(vault, appliance):
    made = calls.plain(vault, appliance)
    receipt = receipt_of(vault)
    checks = states(check(receipt, erase_audio(made.data), vault=vault))
    assert checks[DIFFERS] == [] and any("destroyed since" in text for text in checks[OK])


def test_the_export_is_in_the_access_log(vault, exported):
    told = json.loads(exported[1].read_text())
    line = next(entry for entry in vault.log.entries() if entry.kind == "consent-export")
    assert told["receipt_metadata"]["receipt_id"] in line.detail and told["testigo"]["issued"] in line.detail


def test_an_export_that_nobody_logged_is_found(vault, appliance):
    calls.plain(vault, appliance)
    recording = Catalogue(vault.database).get("branch-1/1")
    receipt = receipts.make(vault, recording, *receipts.new_id())
    assert any("access log has no line" in text for text in states(check(receipt, vault=vault))[DIFFERS])


def test_nothing_is_overwritten(testigo, exported):
    before = exported[1].read_bytes()
    assert "exists already" in testigo("consent", "export", "branch-1/1", "--out", exported[1], status=1)
    assert exported[1].read_bytes() == before


def test_files_that_are_not_there(testigo, tmp_path):
    assert "cannot be read" in testigo("consent", "verify", tmp_path / "no.json", status=1)
    assert "No recording" in testigo("consent", "export", "branch-1/9", status=1)
