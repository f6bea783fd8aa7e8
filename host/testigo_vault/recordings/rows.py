"""Makes the rows of the index from a reading: what users search by, and the outcome of the call."""

import math
from typing import Any

from testigo_vault.lawfulness.findings import LawFinding
from testigo_vault.printable import visible
from testigo_vault.recordings.reader import Reading
from testigo_vault.storage.models import Event, Finding, Recording
from testigo_wire.encoding.cbor import Tag
from testigo_wire.recording.verifier import ERASED as ERASED_REASON

GOOD, QUARANTINED = "good", "quarantined"
# What the device is answered: a receipt, against which it deletes its file, or that it has to keep it.
RECEIPT, REFUSED = "receipt", "refused"
PRESENT, ERASED, NONE = "present", "erased", "none"
UNLAWFUL = "unlawful"
# Reasons of a recording of which the rest of the call, or all of it, was not recorded.
UNRECORDED = ("unrecorded", "storage-full", "storage-fault")
POWER_LOSS = "power-loss"  # the reason of a recording that the appliance closed at its next start
TORN, TORN_TEXT = "torn", "torn when the power or the storage failed"
LATEST_MS = 253_370_764_800_000  # the year 9999


def make_row(reading: Reading, fallback_id: str, device_id: str, number: int) -> Recording:
    """A `recording` row with its events and findings. The arguments are used where the header is unreadable."""
    row = Recording(id=fallback_id, device_id=device_id, number=number)
    for name in ("header_digest", "previous", "head", "reason", "why", "path", "sha256"):
        setattr(row, name, "")
    for name in ("line", "direction", "caller", "callee", "source", "rule"):
        setattr(row, name, "")
    row.opened_ms = row.closed_ms = row.clock = row.items = row.size = row.stored_ms = 0
    row.placed_ms = row.earliest_ms = row.latest_ms = 0
    row.time_trusted = False
    row.state, row.answer = GOOD, RECEIPT
    if reading.header:
        _, _, recording_id, row.device_id, row.number, previous, row.opened_ms, row.clock = reading.header[:8]
        row.id = recording_id.hex()
        row.previous = previous.hex()
        row.header_digest = reading.header_digest.hex()
    if reading.seal:
        _, row.items, head, row.closed_ms, row.reason, _ = reading.seal
        row.head = head.hex()
    for event in reading.events:
        if event[0] == "call":
            row.line, row.direction, row.caller, row.callee, _, row.source = event[2:8]
        elif event[0] == "policy":
            row.rule = event[5]
        elif event[0] == "parties":
            # In full: `call` may have shortened numbers, if the policy says so for unrecorded calls.
            row.caller, row.callee = event[2:4]
    # A device's clock may be wrong. A time that no calendar or column holds is "not known" in the index, exact in the copies.
    row.opened_ms, row.closed_ms = (ms if ms <= LATEST_MS else 0 for ms in (row.opened_ms, row.closed_ms))
    row.length_ms = min(reading.length_ms, LATEST_MS)
    # Without an event at its end, the frames after the last event are only counted: their times are under the audio key.
    row.length_exact = row.reason not in (POWER_LOSS, ERASED_REASON) and not reading.frames_at_end
    row.caller, row.callee, row.line = (visible(text) for text in (row.caller, row.callee, row.line))
    row.audio = audio_state(reading)
    row.outcome = outcome(reading, row)
    row.events = [
        Event(
            recording_id=row.id,
            position=position,
            t_ms=min(event[1], LATEST_MS),
            name=event[0],
            fields=_plain(event[2:]),
        )
        for position, event in enumerate(reading.events)
    ]
    row.findings = [
        Finding(recording_id=row.id, item=-1 if found.item is None else found.item, code=found.code, text=found.text)
        for found in reading.findings
    ] + [Finding(recording_id=row.id, item=found.item or 0, code=TORN, text=TORN_TEXT) for found in reading.torn]
    row.findings += [law_row(row.id, found) for found in reading.law]
    return row


def law_row(recording_id: str, found: LawFinding) -> Finding:
    return Finding(
        recording_id=recording_id,
        item=-1 if found.item is None else found.item,
        code=found.code,
        severity=found.severity,
        text=found.text,
        details=found.values,
    )


def audio_state(reading: Reading) -> str:
    if reading.audio_items:
        return PRESENT
    return ERASED if reading.gone else NONE


def outcome(reading: Reading, row: Recording) -> str:
    """One word for the list; wording.OUTCOMES has the text."""
    names = {event[0] for event in reading.events}
    if reading.has_unlawful_audio:
        return UNLAWFUL
    if row.source == "test":
        return "test"
    if reading.objected or row.reason == ERASED_REASON:
        return "objected" if row.audio != NONE else "refused"
    if row.reason == "refused":
        return "refused"
    if row.reason == POWER_LOSS:
        return "cut"
    if row.audio == PRESENT:
        return "recorded"
    if row.reason in UNRECORDED or "unrecorded" in names or (row.reason == "hang-up" and _on_demand(reading)):
        return "unrecorded"
    return "no-call" if reading.events else "unknown"


def _on_demand(reading: Reading) -> bool:
    return any(event[0] == "policy" and event[4] == "on-demand" for event in reading.events)


def _plain(value: Any) -> Any:
    """Event fields for a JSON column: digests as hexadecimal. An event of a later vocabulary may hold any CBOR."""
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, list):
        return [_plain(part) for part in value]
    if isinstance(value, dict):
        return {str(_plain(key)): _plain(part) for key, part in value.items()}
    if isinstance(value, Tag):
        return [f"tag {value.number}", _plain(value.value)]
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    return value
