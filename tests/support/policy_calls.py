"""Calls under a signed policy with signed notices, for the tests of receipts and reports."""

import hashlib

from support.fake_appliance import call, speech
from support.intake import take
from testigo_vault.documents.archive import documents_of
from testigo_vault.documents.signing import sign_policy
from testigo_vault.notice.audio import NoticeAudio
from testigo_vault.notice.signed import sign_notice
from testigo_vault.receipt import build as receipts
from testigo_vault.receipt.verify import DIFFERS, OK, UNKNOWN
from testigo_vault.recordings.search import RecordingIndex

POLICY = """\
timezone = "Europe/Madrid"
jurisdiction = "ES"
valid_from = 2026-01-01

[controller]
name = "Ejemplo e Hijos, S.L."
contact = "privacidad@example.com"
information = "www.example.com/llamadas"
address = "Calle Mayor 1, 31001 Pamplona"
tax_id = "B31000000"
dpo = "dpd@example.com"
authority = "Agencia Española de Protección de Datos"

[processor]
name = "Grabaciones Norte, S.A."
contact = "legal@example.org"
address = "Calle Nueva 2, 48001 Bilbao"
tax_id = "A48000000"
subprocessors = ["Alojamiento Sur, S.L."]

[processing]
retention_days = 365
recipients = ["juzgados y tribunales"]
persons = ["clientes", "personas trabajadoras"]
data = ["datos de contratos"]

[numbering]
country_code = "34"

[purposes]
follow-up.es = "seguir la incidencia"
follow-up.en = "follow up the incident"

[[lines]]
name = "main"
mode = "all"
basis = "consent"
purposes = ["proof", "follow-up"]
rule = "opt-in"
accept_key = "1"
object_key = "9"
high_level = true
longest_minutes = 60
keys = { pause = "*7", resume = "*8" }
tone = { hertz = 1400, length_ms = 500, interval_s = 15, level_dbm0 = -20 }

[[lines.notices]]
language = "es"
notice = "welcome-es"

[[lines.notices]]
language = "en"
notice = "welcome-en"
key = "2"

[[lines.acknowledgements]]
worker = "Ane Example"
date = 2026-01-31
text = "version 1"
"""
TEXTS = {
    "es": "Ejemplo e Hijos graba esta llamada para dejar constancia de lo acordado. Pulse 1 para aceptar o 9 para oponerse.",
    "en": "Ejemplo e Hijos records this call to keep proof of what is agreed. Press 1 to agree or 9 to object.",
}
NOTICE_MS = 3500
WORKER = "1 on file, 2026-01-31, text version 1"


def sound(language):
    """Not a sound: bytes of the right length, of each language its own."""
    data = hashlib.shake_128(language.encode()).digest(NOTICE_MS * 8)
    return NoticeAudio(data, data[::-1])


def signed(vault, policy=POLICY, texts=TEXTS):
    """Notices and policy signed in the vault; the digest of the policy's document."""
    organisation = vault.organisation
    for language, text in texts.items():
        sign_notice(organisation, f"welcome-{language}", language, text, sound(language))
    path = vault.folder / "policy.toml"
    path.write_text(policy)
    sign_policy(organisation, path)
    return hashlib.sha256(documents_of(organisation).policy_path().read_bytes()).digest()


def played(t_ms, language="es", completed=True, leg=1):
    digest = hashlib.sha256(sound(language).pcmu).digest()
    heard = NOTICE_MS if completed else 1200
    return ("notice", t_ms, leg, language, f"welcome-{language}", digest, heard, NOTICE_MS, completed)


def answered(t_ms, given=True, by="key", key="1"):
    return ("consent", t_ms, "opt-in", given, by, key, "rfc4733" if key else "")


def opening(digest, caller="sip:+34600111222@example.net", version=1, mode="all"):
    return [
        call(caller, "sip:+34943123456@example.net"),
        ("policy", 5, version, digest, mode, "opt-in"),
        ("terms", 5, "consent", "acknowledgement", "connect", True),
        ("media", 400, 1, "PCMU", 0, 8000, 20),
    ]


def worker(t_ms):
    return ("worker", t_ms, "acknowledgement", WORKER)


def tone(t_ms):
    return ("tone", t_ms, 1400, 500, 15_000, 20)


def honest(digest, key="1", **more):
    """The events of a call that was asked and agreed, up to the audio."""
    return [*opening(digest, **more), played(5400), answered(6600, key=key), worker(6600), tone(6600)]


def rich(vault, appliance):
    """Another language, a digit, the tone, a part, a pause, somebody who joins: all that a call can have but an objection."""
    digest = signed(vault)
    events = [
        *opening(digest),
        ("parties", 6, "sip:+34600111222@example.net", "sip:+34943123456@example.net"),
        ("started", 300, "key"),
        played(1900, completed=False),
        ("dtmf", 1900, 1, "2", "rfc4733"),
        played(5400, "en"),
        answered(6600),
        worker(6600),
        tone(6600),
    ]
    events.sort(key=lambda event: event[1])
    after = [
        ("dtmf", 9000, 1, "7", "rfc4733"),
        ("pause", 20_000, "key"),
        ("resume", 51_500, "limit"),
        ("stopped", 55_000, "host"),
        ("joined", 60_000, 1, "+34600999888", "identity"),
        played(64_000),
        answered(74_000, False, "timeout", ""),
        ("hang_up", 80_000, 1, 200, "BYE"),
    ]
    made = appliance.record(events=events, packets=speech(1, start_ms=7000), after=after, seconds=80)
    assert take(vault, made).state == "good"
    return made


def plain(vault, appliance, digest=None, **more):
    """Asked, agreed, recorded."""
    digest = digest or signed(vault)
    made = appliance.record(events=honest(digest, **more), packets=speech(0.5, start_ms=7000), seconds=20)
    assert take(vault, made).state == "good"
    return made


def withdrawn(vault, appliance, digest=None):
    """Agreed, recorded, objected: destroyed by the appliance's word, and here."""
    digest = digest or signed(vault)
    after = [("objection", 9000, 1, "9", "rfc4733"), ("erased", 9100, 0), ("hang_up", 12_000, 0, 200, "BYE")]
    made = appliance.record(
        events=honest(digest), packets=speech(0.5, start_ms=7000), after=after, reason="objection", seconds=12
    )
    assert take(vault, made).state == "good"
    return made


def refused(vault, appliance, digest=None):
    digest = digest or signed(vault)
    after = [
        ("objection", 3000, 1, "9", "info"),
        played(3000, completed=False),
        answered(3000, False, key="9"),
        ("hang_up", 9000, 1, 200, "BYE"),
    ]
    made = appliance.record(events=opening(digest), after=after, reason="refused", seconds=9)
    assert take(vault, made).state == "good"
    return made


def listed(vault, appliance, digest=None):
    """A number on the objection list: nobody was asked."""
    digest = digest or signed(vault)
    after = [("unrecorded", 500, "objection list"), ("hang_up", 9000, 1, 200, "BYE")]
    made = appliance.record(events=opening(digest, caller="*222"), after=after, reason="unrecorded", seconds=9)
    assert take(vault, made).state == "good"
    return made


def receipt_of(vault, number=1, **more):
    """A receipt whose export is in the log, without the command."""
    recording = RecordingIndex(vault.database).get(f"branch-1/{number}")
    receipt_id, issued = receipts.new_id()
    vault.log.append("os:test", receipts.LOGGED, "granted", recording.id, receipts.log_detail(receipt_id, issued))
    return receipts.make(vault, recording, receipt_id, issued, **more)


def states(checks):
    return {state: [one.text for one in checks if one.state == state] for state in (OK, DIFFERS, UNKNOWN)}


def exported(testigo, vault, appliance, folder):
    """(recording, its receipt as a file) of the rich call, by the command."""
    made = rich(vault, appliance)
    file = folder / "receipt.json"
    testigo("consent", "export", "branch-1/1", "--out", file, "--language", "es")
    return made, file
