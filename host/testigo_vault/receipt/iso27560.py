"""The sections of ISO/IEC TS 27560:2023 in a receipt, each derived from its facts, so that the two cannot differ. The
meaning of each field: docs/formats/consent-receipt.md.
"""

import base64
from typing import Any

from testigo_vault.receipt.field_words import FieldWords, field_words
from testigo_vault.receipt.model import (
    STANDARD,
    AnswerFacts,
    ConsentEvent,
    Facts,
    Party,
    PiiInformation,
    PiiProcessing,
    Purpose,
    RecordMetadata,
)
from testigo_vault.recordings.wording import party

UNKNOWN = "unknown"
CONTROLLER, PROCESSOR, WORKER, AUTHORITY = "controller", "processor", "worker", "authority"


def sections(facts: Facts) -> dict[str, Any]:
    """All but the metadata of the receipt itself, the facts and the signature."""
    words = field_words(facts.language)
    return {
        "record_metadata": RecordMetadata(
            schema_version=STANDARD,  # type: ignore[arg-type]
            record_id=facts.recording.recording_id,
            pii_principal_id=principal(facts),
        ),
        "pii_processing": _processing(facts, words),
        "party_identification": _parties(facts, words),
        "events": _events(facts, words),
    }


def numbers(facts: Facts) -> tuple[str, str]:
    """(the worker's side, the other party)."""
    call = facts.call
    near, far = (call.callee, call.caller) if call.direction == "in" else (call.caller, call.callee)
    return near, far


def principal(facts: Facts) -> str:
    return party(numbers(facts)[1]) or UNKNOWN


def _processing(facts: Facts, words: FieldWords) -> PiiProcessing:
    heard = [notice for notice in facts.notices if notice.leg == "far"]
    names = [
        "ni:///sha-256;" + base64.urlsafe_b64encode(bytes.fromhex(notice.digest)).rstrip(b"=").decode()
        for notice in heard
    ]
    signed = facts.policy.signed
    return PiiProcessing(
        privacy_notice=list(dict.fromkeys(names)),
        language=list(dict.fromkeys(notice.language for notice in heard)),
        purposes=[_purpose(facts, words, one.code, one.words) for one in (signed.purposes if signed else [])],
    )


def _purpose(facts: Facts, words: FieldWords, code: str, text: str) -> Purpose:
    policy, written = facts.policy, facts.policy.written
    recorded = facts.recording.audio != "none"
    data = [*(words.data_recorded if recorded else words.data_always), *(written.data if written and recorded else [])]
    return Purpose(
        purpose=text,
        purpose_type=code,
        lawful_basis=policy.basis_words,
        pii_information=[PiiInformation(pii_type=kind, special_pii_category=policy.high_level) for kind in data],
        pii_controllers=[CONTROLLER],
        collection_method=words.collection,
        processing_method=words.processing,
        storage_locations=[written.jurisdiction] if written and written.jurisdiction else [],
        retention_period=f"P{written.retention_days}D" if written else "",
        geographic_restrictions=written.transfers if written else "",
        jurisdiction=written.jurisdiction if written else "",
        recipient_third_parties=written.recipients if written else [],
        withdrawal_method=words.withdrawal.format(contact=policy.signed.contact if policy.signed else ""),
        privacy_rights=words.rights,
        authority_party=AUTHORITY if written and written.authority else "",
    )


def _parties(facts: Facts, words: FieldWords) -> list[Party]:
    signed, written = facts.policy.signed, facts.policy.written
    near, far = numbers(facts)
    parties = []
    if signed:
        parties.append(
            _party(
                CONTROLLER,
                signed.controller,
                CONTROLLER,
                address=written.address if written else "",
                contact=signed.contact,
                url=signed.information,
            )
        )
    if written and written.processor:
        parties.append(_party(PROCESSOR, written.processor, PROCESSOR, contact=written.processor_contact))
    if written and written.authority:
        parties.append(_party(AUTHORITY, written.authority, AUTHORITY))
    parties.append(_party(principal(facts), words.other_party, "principal", phone=far))
    parties.append(_party(WORKER, words.worker_side, WORKER, phone=near))
    return parties


def _party(
    party_id: str, name: str, role: str, address: str = "", contact: str = "", url: str = "", phone: str = ""
) -> Party:
    kinds = {CONTROLLER: "organisation", PROCESSOR: "organisation", AUTHORITY: "authority"}
    return Party(
        party_id=party_id,
        party_name=name,
        party_address=address,
        party_contact=contact,
        party_url=url,
        party_phone=phone,
        party_role=role,  # type: ignore[arg-type]
        party_type=kinds.get(role, "person"),  # type: ignore[arg-type]
    )


def _events(facts: Facts, words: FieldWords) -> list[ConsentEvent]:
    """What was asked and answered, in its order."""
    found: list[tuple[int, ConsentEvent]] = []

    def add(t_ms: int, time: str, who: str, state: str, explicit: bool) -> None:
        event = ConsentEvent(
            event_time=time,
            validity_duration=words.this_call,
            entity_id=who,
            event_type="explicit" if explicit else "implied",
            event_state=state,  # type: ignore[arg-type]
        )
        found.append((t_ms, event))

    asks = facts.policy.rule == "opt-in"
    for notice in facts.notices:
        if notice.leg == "far":
            add(notice.begin.t_ms, notice.begin.time, CONTROLLER, "requested", asks)
    given_ms = -1
    for request in facts.askings:
        if request.answer is not None:
            at = request.answer.at
            given_ms = at.t_ms if request.answer.given and given_ms < 0 else given_ms
            state = "given" if request.answer.given else "refused"
            add(at.t_ms, at.time, principal(facts), state, _explicit(request.answer))
    for objection in facts.objections:
        late = 0 <= given_ms <= objection.at.t_ms
        add(objection.at.t_ms, objection.at.time, principal(facts), "withdrawn" if late else "refused", True)
    return [event for _, event in sorted(found, key=lambda one: one[0])]


def _explicit(answer: AnswerFacts) -> bool:
    return answer.by in ("key", "sdp")
