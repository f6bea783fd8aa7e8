"""Receipts of consent: what they say of each kind of call, their shape, and that they are signed."""

import base64
import hashlib
import json
from pathlib import Path

import pytest
import rfc8785
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, utils
from jsonschema import Draft202012Validator

from support import fake_appliance
from support import policy_calls as calls
from support.intake import take
from support.policy_calls import receipt_of, states
from testigo_vault.errors import VaultError
from testigo_vault.receipt import build as receipts
from testigo_vault.receipt.model import read, schema
from testigo_vault.receipt.verify import DIFFERS, UNKNOWN, check
from testigo_wire.recording.item_parser import parse_item

SCHEMA = Path(__file__).resolve().parents[3] / "docs" / "formats" / "consent-receipt.schema.json"


@pytest.fixture
def exported(testigo, vault, appliance, tmp_path):
    """(recording, its receipt as a file) of a call with all that a call can have."""
    return calls.exported(testigo, vault, appliance, tmp_path)


# What it says


def test_a_receipt_has_every_event(exported):
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
@pytest.mark.parametrize("version", [1, 2])
def test_a_receipt_for_every_outcome(vault, appliance, make, outcome, events, version):
    appliance.version = version
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


def test_a_receipt_of_a_self_test(vault, appliance):
    events = [
        ("call", 0, "", "in", "", "", "", "test"), ("policy", 0, 0, b"", "all", "notify"),
        ("consent", 5, "notify", True, "test", "", ""),
    ]  # fmt: skip
    assert take(vault, appliance.record(events=events, reason="test")).state == "good"
    made = receipt_of(vault)
    assert (made.testigo.outcome, made.record_metadata.pii_principal_id) == ("test", "unknown")
    assert states(check(made, vault=vault))[DIFFERS] == []


def test_before_there_was_an_archive(vault, appliance):
    from support.fake_appliance import AGREED, speech

    take(vault, appliance.record(events=AGREED, packets=speech(0.2)))
    made = receipt_of(vault)
    assert made.testigo.policy.signed is None and made.testigo.notices[0].text == ""
    found_ = states(check(made, vault=vault))
    assert found_[DIFFERS] == [] and len(found_[UNKNOWN]) == 2


@pytest.mark.parametrize("opened_ms", [0, 10**15, 1 << 63])
def test_a_clock_beyond_all_calendars(vault, appliance, monkeypatch, opened_ms):
    monkeypatch.setattr(fake_appliance, "OPENED_MS", opened_ms)
    calls.plain(vault, appliance)
    if opened_ms < 1 << 53:
        made = receipt_of(vault)
        assert bool(made.testigo.recording.opened) == (opened_ms == 0)  # the first of a stand-in is an hour later
        assert states(check(made, vault=vault))[DIFFERS] == []
    else:
        with pytest.raises(VaultError, match=r"opened_ms|cannot be signed"):
            receipt_of(vault)


def test_a_time_that_no_receipt_can_hold(testigo, vault, appliance):
    digest = calls.signed(vault)
    after = [("hang_up", 1 << 60, 1, 200, "BYE"), ("pause", 1 << 60, "key")]
    assert take(vault, appliance.record(events=calls.opening(digest), after=after)).state == "good"
    assert "No receipt can be made of this recording" in testigo("consent", "export", "branch-1/1", status=1)


def test_there_is_no_receipt_of_a_quarantined_recording(testigo, vault, appliance):
    from support.fake_appliance import AGREED, speech

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
def test_an_invalid_receipt_is_reported(testigo, exported, tmp_path, spoil):
    spoiled = tmp_path / "spoiled.json"
    text = exported[1].read_text()
    spoiled.write_text(spoil(text))
    assert spoiled.read_text() != text
    said = testigo("consent", "verify", spoiled, status=1)
    assert "is no consent receipt" in said or "differ" in said


def test_control_characters_in_names_are_escaped_and_kept(vault, appliance):
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
