"""The facts of a receipt, from a recording's sealed bytes and from the signed documents that it names.

`facts_of` depends on its material alone: the same recording and archive give the same facts, which is how `verify` checks
a receipt.
"""

import base64
import datetime
import uuid
from collections.abc import Callable
from dataclasses import dataclass

from pydantic import ValidationError

from testigo_vault.errors import VaultError
from testigo_vault.lawfulness.findings import sentence
from testigo_vault.policy.purposes import BASES, PURPOSES
from testigo_vault.policy.source import PolicySource
from testigo_vault.receipt.model import (
    AnswerFacts,
    CallFacts,
    ConsentRequestFacts,
    Facts,
    FindingFacts,
    IndexKey,
    IntervalFacts,
    JoinedFacts,
    Language,
    Moment,
    NoticeFacts,
    ObjectionFacts,
    PolicyFacts,
    PurposeWords,
    RecordingFacts,
    Side,
    SignedPolicy,
    ToneFacts,
    WorkerFacts,
    WrittenPolicy,
)
from testigo_vault.recordings import evidence as ev
from testigo_vault.recordings.reader import Reading
from testigo_vault.recordings.rows import LATEST_MS, UNLAWFUL, audio_state
from testigo_wire.policy import decision, fields
from testigo_wire.policy import documents as wire

_SIDES: tuple[Side, Side] = ("near", "far")
# Where the fields of a policy's body and of a notice's stand (docs/formats/documents.md).
_CONTROLLER, _CONTACT, _INFORMATION, _SOURCE, _LINES = 2, 3, 4, 5, 9
_TEXT = 2


@dataclass
class Material:
    """What a receipt is made from. policy, written: None where the archive does not have them. notice(name, digest) -> the
    signed notice with that sound, or None."""

    reading: Reading
    certificate: bytes  # of the appliance, DER
    authority: bytes  # of the organisation, DER
    policy: wire.Document | None
    written: PolicySource | None
    notice: Callable[[str, bytes], wire.Document | None]
    language: Language
    index_key: IndexKey | None = None


def facts_of(material: Material, issued: str) -> Facts:
    """Raises VaultError for a value that a receipt cannot have, such as a time beyond 2^53 ms."""
    try:
        return _facts_of(material, issued)
    except ValidationError as error:
        where = ".".join(str(part) for part in error.errors()[0]["loc"])
        raise VaultError(
            f"No receipt can be made of this recording: {error.title}.{where}: {error.errors()[0]['msg']}.",
            "`testigo show` lists what is in it.",
        ) from None


def _facts_of(material: Material, issued: str) -> Facts:
    reading = material.reading
    evidence = evidence_in(reading)
    times = Times(reading)
    call = _call(reading)
    return Facts(
        issued=issued,
        language=material.language,
        outcome=evidence.outcome,
        recording=_recording(material, times),
        call=call,
        policy=_policy(material, evidence, call.line, call.direction),
        notices=[_notice(material, times, notice) for notice in evidence.notices],
        askings=[_request(evidence, times, request) for request in evidence.consent_requests],
        worker=[WorkerFacts(by=one.by, reference=one.reference, at=times.at(one.at_ms)) for one in evidence.worker],
        joined=[
            JoinedFacts(leg=_SIDES[one.leg], party=one.party, how=one.how, at=times.at(one.at_ms))
            for one in evidence.joined
        ],
        parts=[_interval(times, one) for one in evidence.parts],
        pauses=[_interval(times, one) for one in evidence.pauses],
        tones=[
            ToneFacts(
                hertz=one.hertz,
                length_ms=one.length_ms,
                interval_ms=one.interval_ms,
                level=one.level,
                at=times.at(one.at_ms),
            )
            for one in evidence.tones
        ],
        objections=[
            ObjectionFacts(leg=_SIDES[one.leg], key=one.key, channel=one.channel, at=times.at(one.at_ms))
            for one in evidence.objections
        ],
        erased_items=evidence.erased_items,
        unrecorded=evidence.unrecorded,
        findings=[
            FindingFacts(
                code=one.code,
                severity=one.severity,  # type: ignore[arg-type]
                words=sentence(one.code, one.values, material.language),
            )
            for one in reading.law
        ],
    )


def evidence_in(reading: Reading) -> ev.Evidence:
    test = any(event[0] == "call" and event[7] == "test" for event in reading.events)
    evidence = ev.evidence_from(reading.events, test, reading.has_unlawful_audio)
    assert not reading.has_unlawful_audio or evidence.outcome == UNLAWFUL
    return evidence


class Times:
    """Moments of a recording; without a date if the clock was never set or the time is beyond every calendar."""

    def __init__(self, reading: Reading) -> None:
        self._opened_ms = reading.header[6]
        self._known = reading.header[7] != 0

    def at(self, t_ms: int) -> Moment:
        return Moment(t_ms=t_ms, time=self.date(self._opened_ms + t_ms))

    def date(self, unix_ms: int) -> str:
        if not self._known or not 0 < unix_ms <= LATEST_MS:
            return ""
        at = datetime.datetime.fromtimestamp(unix_ms / 1000, datetime.UTC)
        return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def find_line(policy: wire.Document, name: str, direction: str) -> list | None:
    return decision.find_line(policy.body[_LINES], name, direction)


def purpose_words(code: str, language: str, written: PolicySource | None) -> str:
    """In the language, else in English or any other language; the code if it has no words."""
    words = (written.purposes.get(code) if written else None) or PURPOSES.get(code) or {}
    return words.get(language) or words.get("en") or next(iter(words.values()), code)


def _recording(material: Material, times: Times) -> RecordingFacts:
    reading = material.reading
    _, _, recording_id, device_id, number, _, opened_ms, clock = reading.header[:8]
    assert reading.seal is not None
    _, items, head, closed_ms, reason, signature = reading.seal
    return RecordingFacts(
        recording_id=str(uuid.UUID(bytes=recording_id)),
        device_id=device_id,
        number=number,
        opened_ms=opened_ms,
        opened=times.date(opened_ms),
        closed_ms=closed_ms,
        closed=times.date(closed_ms),
        clock=clock,
        reason=reason,
        items=items,
        head=head.hex(),
        signature=signature.hex(),
        audio=audio_state(reading),  # type: ignore[arg-type]
        gone_items=reading.gone,
        certificate=base64.b64encode(material.certificate).decode(),
        authority=base64.b64encode(material.authority).decode(),
        index_key=material.index_key,
    )


def _call(reading: Reading) -> CallFacts:
    line = direction = caller = callee = sip_call_id = source = ""
    for event in reading.events:
        if event[0] == "call":
            line, direction, caller, callee, sip_call_id, source = event[2:8]
        elif event[0] == "parties":
            caller, callee = event[2:4]
    return CallFacts(
        line=line, direction=direction, caller=caller, callee=callee, sip_call_id=sip_call_id, source=source
    )


def _policy(material: Material, evidence: ev.Evidence, line_name: str, direction: str) -> PolicyFacts:
    signed = written = None
    if material.policy is not None:
        body = material.policy.body
        line = find_line(material.policy, line_name, direction)
        signed = SignedPolicy(
            controller=body[_CONTROLLER],
            contact=body[_CONTACT],
            information=body[_INFORMATION],
            purposes=[
                PurposeWords(code=code, words=purpose_words(code, material.language, material.written))
                for code in (line[fields.PURPOSES] if line else [])
            ],
            source=body[_SOURCE].hex(),
        )
    if material.written is not None:
        written = _written(material.written)
    basis = BASES.get(evidence.basis, {})
    return PolicyFacts(
        version=evidence.policy_version,
        digest=evidence.policy_digest,
        mode=evidence.mode,
        rule=evidence.rule,
        basis=evidence.basis,
        basis_words=basis.get(material.language, evidence.basis),
        worker=evidence.worker_way,
        objection=evidence.objection_brings,
        high_level=evidence.high_level,
        signed=signed,
        written=written,
    )


def _written(source: PolicySource) -> WrittenPolicy:
    controller, processor = source.controller, source.processor
    return WrittenPolicy(
        jurisdiction=source.jurisdiction,
        timezone=source.timezone,
        address=controller.address,
        tax_id=controller.tax_id,
        dpo=controller.dpo,
        representative=controller.representative,
        authority=controller.authority,
        processor=processor.name if processor else "",
        processor_contact=processor.contact if processor else "",
        retention_days=source.processing.retention_days,
        recipients=source.processing.recipients,
        transfers=source.processing.transfers,
        data=source.processing.data,
    )


def _notice(material: Material, times: Times, notice: ev.Notice) -> NoticeFacts:
    document = material.notice(notice.name, bytes.fromhex(notice.digest))
    return NoticeFacts(
        leg=_SIDES[notice.leg],
        language=notice.language,
        name=notice.name,
        digest=notice.digest,
        text=document.body[_TEXT] if document else "",
        version=document.version if document else 0,
        total_ms=notice.total_ms,
        played_ms=notice.played_ms,
        begin=times.at(notice.from_ms),
        end=times.at(notice.at_ms),
        completed=notice.completed,
        document=base64.b64encode(document_bytes(document)).decode() if document else "",
    )


def document_bytes(document: wire.Document) -> bytes:
    """As it was signed: the encoding is deterministic."""
    return wire.encode(document.kind, document.version, document.body, document.signature)


def _request(evidence: ev.Evidence, times: Times, request: ev.ConsentRequest) -> ConsentRequestFacts:
    places = [i for i, one in enumerate(evidence.notices) if any(one is notice for notice in request.notices)]
    answer = None
    if request.answer is not None:
        given = request.answer
        answer = AnswerFacts(
            rule=given.rule,
            given=given.given,
            by=given.by,
            key=given.key,
            channel=given.channel,
            at=times.at(given.at_ms),
        )
    return ConsentRequestFacts(why=request.why, notices=places, answer=answer)  # type: ignore[arg-type]


def _interval(times: Times, interval: ev.Interval) -> IntervalFacts:
    return IntervalFacts(
        begin=times.at(interval.from_ms),
        by=interval.by,
        end=times.at(interval.end_ms) if interval.end_ms >= 0 else None,
        ended_by=interval.ended_by,
        length_ms=interval.length_ms,
    )
