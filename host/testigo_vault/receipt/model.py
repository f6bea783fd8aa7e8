"""The shape of a consent receipt (docs/formats/consent-receipt.md), from which its JSON Schema is made.

Sections and fields are those of ISO/IEC TS 27560:2023 (sections 6.3 and 6.4): `receipt_metadata`, `record_metadata`,
`pii_processing`, `party_identification`, `events`. What the standard has no field for, and what proves the
rest, is in one extension, `testigo`; `signature` is the operator's over all of it (signing.py).
"""

import json
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from testigo_vault.errors import VaultError

SCHEMA = "testigo consent receipt 2"
FIRST_SCHEMA = "testigo consent receipt 1"  # without `access_log` and `findings`; still read
STANDARD = "ISO/IEC TS 27560:2023"

Count = Annotated[int, Field(ge=0, lt=1 << 53)]
Digest = Annotated[str, Field(pattern="^[0-9a-f]{64}$")]
MaybeDigest = Annotated[str, Field(pattern="^([0-9a-f]{64})?$")]
Side = Literal["near", "far"]
Language = Literal["es", "en"]


class _Model(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid", frozen=True, use_attribute_docstrings=True)


class Moment(_Model):
    t_ms: Count
    """Milliseconds since the recording was opened."""
    time: str
    """The same as a date and time in UTC (ISO 8601), or empty where the appliance's clock was never set."""


class ReceiptMetadata(_Model):
    """6.4.5"""

    schema_version: Literal["testigo consent receipt 1", "testigo consent receipt 2"]
    receipt_id: str


class RecordMetadata(_Model):
    """6.3.3"""

    schema_version: Literal["ISO/IEC TS 27560:2023"]
    record_id: str
    """The recording's id, a UUID (RFC 9562)."""
    pii_principal_id: str
    """The other party of the call: a number, or what its telephone called itself."""


class PiiInformation(_Model):
    """6.3.5"""

    pii_type: str
    special_pii_category: bool
    """Whether the line is one of the high level (GDPR article 9, RD 1720/2007 article 81.3)."""


class Purpose(_Model):
    """6.3.4.3 and following"""

    purpose: str
    purpose_type: str
    """The purpose as the policy names it."""
    lawful_basis: str
    pii_information: list[PiiInformation]
    pii_controllers: list[str]
    collection_method: str
    processing_method: str
    storage_locations: list[str]
    retention_period: str
    """An ISO 8601 duration, or empty where the text of the policy is not at hand."""
    geographic_restrictions: str
    """Transfers to third countries, empty where there are none."""
    jurisdiction: str
    recipient_third_parties: list[str]
    withdrawal_method: str
    privacy_rights: str
    authority_party: str


class PiiProcessing(_Model):
    """6.3.4"""

    privacy_notice: list[str]
    """The sound of each notice that the principal heard, by its digest (RFC 6920)."""
    language: list[str]
    purposes: list[Purpose]


class Party(_Model):
    """6.3.6"""

    party_id: str
    party_name: str
    party_address: str
    party_contact: str
    party_url: str
    party_phone: str
    party_role: Literal["controller", "processor", "principal", "worker", "authority"]
    party_type: Literal["organisation", "person", "authority"]


class ConsentEvent(_Model):
    """6.3.7"""

    event_time: str
    validity_duration: str
    entity_id: str
    event_type: Literal["explicit", "implied"]
    """explicit: by a key or a telephone's setting. implied: by hearing the notice to its end, or by not objecting."""
    event_state: Literal["requested", "given", "refused", "withdrawn"]


class IndexKey(_Model):
    """What opens the events of this one recording, and nothing else."""

    recipient: str
    key: Digest


class RecordingFacts(_Model):
    recording_id: str
    device_id: str
    number: Count
    opened_ms: int
    opened: str
    closed_ms: int
    closed: str
    clock: Literal[0, 1, 2]
    reason: str
    items: Count
    head: Digest
    signature: str
    """The appliance's, r || s in hexadecimal, as in the recording's seal."""
    audio: Literal["none", "present", "erased"]
    gone_items: Count
    """Items of the audio of which only digests are left."""
    certificate: str
    """The appliance's, X.509 in DER, base64."""
    authority: str
    """The organisation's, which issued it."""
    index_key: IndexKey | None


class CallFacts(_Model):
    line: str
    direction: str
    caller: str
    callee: str
    sip_call_id: str
    source: str


class PurposeWords(_Model):
    code: str
    words: str


class SignedPolicy(_Model):
    """What the signed policy says of the call's line."""

    controller: str
    contact: str
    information: str
    purposes: list[PurposeWords]
    source: Digest
    """SHA-256 of the text that it was signed from."""


class WrittenPolicy(_Model):
    """What only the text of the policy has, not the signed document."""

    jurisdiction: str
    timezone: str
    address: str
    tax_id: str
    dpo: str
    representative: str
    authority: str
    processor: str
    processor_contact: str
    retention_days: Count
    recipients: list[str]
    transfers: str
    data: list[str]


class PolicyFacts(_Model):
    version: Count
    digest: MaybeDigest
    """SHA-256 of the signed document."""
    mode: str
    rule: str
    basis: str
    basis_words: str
    worker: str
    objection: str
    high_level: bool
    signed: SignedPolicy | None
    written: WrittenPolicy | None


class NoticeFacts(_Model):
    leg: Side
    language: str
    name: str
    digest: Digest
    """SHA-256 of the sound that was played."""
    text: str
    version: Count
    total_ms: Count
    played_ms: Count
    begin: Moment
    end: Moment
    completed: bool
    document: str
    """The signed notice, base64; empty where the archive does not have it."""


class AnswerFacts(_Model):
    rule: str
    given: bool
    by: str
    key: str
    channel: str
    at: Moment


class ConsentRequestFacts(_Model):
    why: Literal["call", "part", "joined"]
    notices: list[Count]
    """Places in `notices`."""
    answer: AnswerFacts | None


class WorkerFacts(_Model):
    by: str
    reference: str
    at: Moment


class IntervalFacts(_Model):
    begin: Moment
    by: str
    end: Moment | None
    ended_by: str
    length_ms: int
    """-1: to the end of the call."""


class ObjectionFacts(_Model):
    leg: Side
    key: str
    channel: str
    at: Moment


class JoinedFacts(_Model):
    leg: Side
    party: str
    how: str
    at: Moment


class ToneFacts(_Model):
    hertz: Count
    length_ms: Count
    interval_ms: Count
    level: Count
    at: Moment


class LogHead(_Model):
    """The last line of the vault's access log when the receipt was made; line 0 where there was none."""

    line: Count
    digest: Digest


class FindingFacts(_Model):
    code: str
    """As in docs/lawfulness.md."""
    severity: Literal["unlawful", "irregular", "unchecked"]
    words: str


class Facts(_Model):
    """The extension: everything as the sealed events have it."""

    issued: str
    language: Language
    """Of the words in this receipt."""
    outcome: str
    recording: RecordingFacts
    call: CallFacts
    policy: PolicyFacts
    notices: list[NoticeFacts]
    askings: list[ConsentRequestFacts]
    worker: list[WorkerFacts]
    joined: list[JoinedFacts]
    parts: list[IntervalFacts]
    pauses: list[IntervalFacts]
    tones: list[ToneFacts]
    objections: list[ObjectionFacts]
    erased_items: Count
    """Items of the audio that the appliance says it destroyed after an objection."""
    unrecorded: list[str]
    """Why the call, or a part of it, was not recorded."""
    findings: list[FindingFacts] | None = None
    """What the check of lawfulness found, with the archive and without the audio key. In version 2
    only, where it is never null."""
    access_log: LogHead | None = None
    """In version 2 only, where it is never null."""


class Signature(_Model):
    """A JSON Web Signature (RFC 7515 section 7.2.2) with its payload detached (appendix F)."""

    protected: str
    signature: str


class Receipt(_Model):
    receipt_metadata: ReceiptMetadata
    record_metadata: RecordMetadata
    pii_processing: PiiProcessing
    party_identification: list[Party]
    events: list[ConsentEvent]
    testigo: Facts
    signature: Signature

    @model_validator(mode="after")
    def _of_its_version(self) -> Self:
        first = self.receipt_metadata.schema_version == FIRST_SCHEMA
        if {first} != {self.testigo.access_log is None, self.testigo.findings is None}:
            raise ValueError("access_log is a member of version 2, and of no other; so is findings")
        return self

    def as_data(self) -> dict[str, Any]:
        """The members that its version has, as plain data."""
        data = self.model_dump()
        if self.testigo.access_log is None:
            del data["testigo"]["access_log"], data["testigo"]["findings"]
        return data


def schema() -> dict[str, Any]:
    """The JSON Schema of a receipt (draft 2020-12)."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **Receipt.model_json_schema(),
        "title": SCHEMA,
    }


def read(data: bytes, name: str) -> Receipt:
    """A receipt from its file; `name` is what errors call it. Raises VaultError for an invalid one."""
    if data.startswith(b"%PDF-"):
        raise VaultError(f"{name} is the page; the receipt is attached to it.", "Save the attachment, and check that.")
    try:
        value = json.loads(
            data.decode("utf-8"), object_pairs_hook=_once, parse_float=_no_float, parse_constant=_no_float
        )
        return Receipt.model_validate(value)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise VaultError(
            f"{name} is no consent receipt: {where}: {first['msg']} ({error.error_count()} in all).",
            "Ask for the file as it was exported.",
        ) from None
    except (ValueError, RecursionError) as error:
        raise VaultError(f"{name} is no consent receipt: {error}.", "Ask for the file as it was exported.") from None


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Refuses a member that occurs twice: JSON readers differ in which one they take."""
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a member stands twice in one object")
    return found


def _no_float(text: str) -> Any:
    raise ValueError(f"{text} is no whole number")
