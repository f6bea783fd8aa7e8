"""Checking a receipt: against itself, against the recording without opening its audio, and against the vault's archive.

A check's state is OK, DIFFERS or UNKNOWN, the last where something is needed that was not given. The facts are derived
again from the recording's sealed events and compared with the receipt's, member by member: a receipt must have all of
them, and nothing else.
"""

import base64
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from cryptography import x509
from cryptography.exceptions import InvalidSignature

from testigo_vault.errors import VaultError
from testigo_vault.identity.certificates import common_name, device_public
from testigo_vault.identity.keys import INDEX_STREAM, StreamKeyOpener
from testigo_vault.lawfulness.findings import IRREGULAR, UNLAWFUL
from testigo_vault.playback.decrypt import unchanged_copy
from testigo_vault.primitives import HOST, verify
from testigo_vault.receipt.build import LOGGED, index_key_of, log_detail, material_of
from testigo_vault.receipt.facts import Material, facts_of
from testigo_vault.receipt.iso27560 import sections
from testigo_vault.receipt.model import NoticeFacts, Receipt
from testigo_vault.receipt.signing import fingerprint, signer
from testigo_vault.recordings.reader import Reading, read
from testigo_vault.recordings.search import RecordingIndex
from testigo_vault.recordings.verification import describe
from testigo_vault.vault import Vault
from testigo_wire.errors import WireError
from testigo_wire.policy import documents as wire
from testigo_wire.recording.items import seal_digest

OK, DIFFERS, UNKNOWN = "ok", "differs", "unknown"

# Members of the facts -> the text of a check that finds no difference.
_GROUPS = {
    "recording": "id, appliance, number, times, head and signature are the recording's",
    "call": "line, direction and numbers are those of the sealed events",
    "policy": "policy version, digest, rule and legal basis are those of the sealed events",
    "notices": "the receipt has every notice that was played, and no other: to whom, from when to when, how much of it",
    "askings": "the receipt has every answer that was given, and no other: key, channel, time, rule",
    "worker": "the worker's information is as in the sealed events",
    "joined": "who joined is as in the sealed events",
    "parts": "the parts that were requested are as in the sealed events",
    "pauses": "the pauses are as in the sealed events",
    "tones": "the warning tone is as in the sealed events",
    "objections": "the receipt has every objection that was made, and no other",
    "erased_items": "as many items were destroyed as the receipt says",
    "unrecorded": "the reasons for not recording are those of the sealed events",
    "findings": "the check of lawfulness finds what the receipt says, and nothing else",
    "outcome": "the outcome follows from the sealed events",
}


@dataclass
class Check:
    state: str
    text: str


class IndexKeyInReceipt(StreamKeyOpener):
    """Opens the events of one recording by the key that its receipt carries."""

    def __init__(self, recipient: bytes, key: bytes) -> None:
        self.key_id = recipient
        self._key = key

    def find(self, stream: int, recording_id: bytes, wrapped: list) -> bytes | None:
        named = any(recipient == self.key_id for recipient, _ in wrapped)
        return self._key if stream == INDEX_STREAM and named else None


def check(
    receipt: Receipt, data: bytes | None = None, opener: StreamKeyOpener | None = None, vault: Vault | None = None
) -> list[Check]:
    """All that can be checked with what is given. data: the recording's bytes; those of the vault where there are none.
    opener: the vault's index key, where the vault itself is not at hand."""
    return list(_Checker(receipt, opener, vault).run(data))


class _Checker:
    def __init__(self, receipt: Receipt, opener: StreamKeyOpener | None, vault: Vault | None) -> None:
        self._receipt = receipt
        self._facts = receipt.testigo
        self._vault = vault
        self._opener = vault.index_key if vault is not None else opener
        self._operator: bytes | None = None
        if self._opener is None and self._facts.recording.index_key is not None:
            given = self._facts.recording.index_key
            try:
                self._opener = IndexKeyInReceipt(bytes.fromhex(given.recipient), bytes.fromhex(given.key))
            except ValueError:
                pass

    def run(self, data: bytes | None) -> Iterator[Check]:
        yield from self._signature()
        yield from self._standard()
        yield from self._documents()
        yield from self._seal()
        if self._vault is not None:
            yield from self._organisation(self._vault)
            if data is None:
                try:
                    recording = RecordingIndex(self._vault.database).get(self._facts.recording.recording_id)
                    data = unchanged_copy(self._vault, recording)
                except VaultError as error:
                    yield Check(DIFFERS, f"the vault does not have the recording: {error.message}")
                    return
        if data is None:
            yield Check(UNKNOWN, "the recording: give its .tsg file, or --vault")
            return
        yield from self._recording(data)

    def _signature(self) -> Iterator[Check]:
        content = self._receipt.as_data()
        del content["signature"]
        try:
            self._operator = signer(content, self._receipt.signature.model_dump())
        except (ValueError, VaultError) as error:
            yield Check(DIFFERS, f"the operator's signature: {error}")
            return
        name = fingerprint(self._operator)
        yield Check(OK, "the operator's signature holds over every member of the receipt")
        if self._vault is None:
            yield Check(UNKNOWN, f"whose key that is: compare its SHA-256 {name} with what the organisation says")
        elif self._operator == self._vault.organisation.operator_public:
            yield Check(OK, "the key is this vault's operator key")
        else:
            yield Check(DIFFERS, f"the key (SHA-256 {name}) is not this vault's operator key")

    def _standard(self) -> Iterator[Check]:
        """The sections of the standard say what the facts say."""
        derived = {name: _as_data(value) for name, value in sections(self._facts).items()}
        stated = {name: _as_data(getattr(self._receipt, name)) for name in derived}
        yield from _compare(derived, stated, "the sections of the standard say what the facts say", "the facts")

    def _documents(self) -> Iterator[Check]:
        """Each notice's text is that of a signed notice with the sound that was played."""
        missing, wrong = 0, False
        for number, notice in enumerate(self._facts.notices):
            if not notice.document:
                missing += 1
                continue
            reason = _document_differs(notice, self._operator)
            if reason:
                wrong = True
                yield Check(DIFFERS, f"notices[{number}]: {reason}")
        if missing:
            yield Check(UNKNOWN, f"the words of {missing} notices: the archive did not have them")
        if not wrong and missing < len(self._facts.notices):
            yield Check(
                OK, "each notice's words, language and sound are those of a notice that the same operator signed"
            )

    def _seal(self) -> Iterator[Check]:
        """The appliance's certificate and its signature over the head."""
        recording = self._facts.recording
        try:
            certificate, authority = _der(recording.certificate), _der(recording.authority)
            x509.load_der_x509_certificate(certificate).verify_directly_issued_by(
                x509.load_der_x509_certificate(authority)
            )
            named = common_name(x509.load_der_x509_certificate(certificate))
            if named != recording.device_id:
                raise ValueError(f"it names {named!r}, not {recording.device_id!r}")
        except (ValueError, TypeError, InvalidSignature) as error:
            yield Check(DIFFERS, f"the appliance's certificate: {error or 'the organisation did not issue it'}")
            return
        yield Check(OK, "the appliance's certificate was issued by the organisation's authority")
        try:
            recording_id = bytes.fromhex(recording.recording_id.replace("-", ""))
            head = bytes.fromhex(recording.head)
            digest = seal_digest(HOST, recording_id, recording.items, head, recording.closed_ms, recording.reason)
            good = verify(device_public(certificate), digest, bytes.fromhex(recording.signature))
        except (ValueError, WireError):
            good = False
        if good:
            yield Check(OK, "the appliance signed this head, number of items, end and reason")
        else:
            yield Check(DIFFERS, "the appliance's signature is not over this recording id, head, items, end and reason")

    def _organisation(self, vault: Vault) -> Iterator[Check]:
        recording = self._facts.recording
        if base64.b64encode(vault.organisation.ca_der).decode() != recording.authority:
            yield Check(DIFFERS, "the certificate of the authority is not this vault's")
        try:
            registered = vault.organisation.devices.get(recording.device_id).certificates
        except VaultError as error:
            yield Check(DIFFERS, f"the register of appliances: {error.message}")
            return
        if recording.certificate in [base64.b64encode(one).decode() for one in registered]:
            yield Check(OK, "the appliance and its certificate are in the vault's register")
        else:
            yield Check(DIFFERS, "the appliance's certificate is not in the vault's register")
        detail = log_detail(self._receipt.receipt_metadata.receipt_id, self._facts.issued)
        entries = vault.log.entries(recording.recording_id.replace("-", ""))
        if any(entry.kind == LOGGED and entry.detail == detail for entry in entries):
            yield Check(OK, "the access log has the line of this receipt's export")
        else:
            yield Check(DIFFERS, "the access log has no line of the export of a receipt with this id and time")
        head = self._facts.access_log
        if head is not None and vault.log.has(head.digest, head.line):
            yield Check(OK, f"the access log still has the {head.line} lines that it had when the receipt was made")
        elif head is not None:
            text = f"line {head.line} of the access log is not the one that it had when the receipt was made"
            yield Check(DIFFERS, f"{text}: lines were changed or removed")

    def _recording(self, data: bytes) -> Iterator[Check]:
        try:
            public = device_public(_der(self._facts.recording.certificate))
        except ValueError:
            return  # `_seal` has reported it
        reading = read(data, [public], self._opener)
        for found in reading.findings:
            yield Check(DIFFERS, f"the recording is not as it was sealed: {describe(found)}")
        if not reading.findings:
            what = "items, chain, signature" + (", order of notice, consent and audio" if self._opener else "")
            yield Check(OK, f"the recording is as the appliance sealed it: {what}")
        if not reading.header or reading.seal is None:
            return
        if self._opener is None:
            yield from self._ends(reading)
            yield Check(UNKNOWN, "its events, which are sealed: give --vault or --index-key, or a receipt with its key")
            return
        try:
            material = self._material(data, reading)
        except VaultError as error:
            yield Check(DIFFERS, f"the recording against the vault: {error}")
            return
        yield from self._archive(material)
        yield from self._lawfulness(material)
        yield from self._events(material, data)

    def _ends(self, reading: Reading) -> Iterator[Check]:
        """Without the index key: header and seal."""
        _, _, recording_id, device_id, number, _, opened_ms, clock = reading.header[:8]
        assert reading.seal is not None
        _, items, head, closed_ms, reason, signature = reading.seal
        derived = {
            "recording_id": recording_id.hex(),
            "device_id": device_id,
            "number": number,
            "opened_ms": opened_ms,
            "clock": clock,
            "items": items,
            "head": head.hex(),
            "closed_ms": closed_ms,
            "reason": reason,
            "signature": signature.hex(),
        }
        stated = {name: getattr(self._facts.recording, name) for name in derived}
        stated["recording_id"] = stated["recording_id"].replace("-", "")
        yield from _compare(derived, stated, _GROUPS["recording"], "the recording")

    def _material(self, data: bytes, reading: Reading) -> Material:
        facts = self._facts
        if self._vault is not None:
            material = material_of(self._vault, data, facts.language, with_key=facts.recording.index_key is not None)
            archived = material.notice
            # The same sound may have been signed again with other words since; the notice in the receipt is valid too.
            material.notice = lambda name, digest: self._own_notice(name, digest) or archived(name, digest)
            return material
        key = None
        if facts.recording.index_key is not None:
            assert self._opener is not None
            key = index_key_of(data, self._opener)
        return Material(
            reading=reading,
            certificate=_der(facts.recording.certificate),
            authority=_der(facts.recording.authority),
            policy=None,
            written=None,
            notice=self._own_notice,
            language=facts.language,
            index_key=key,
        )

    def _own_notice(self, name: str, digest: bytes) -> wire.Document | None:
        """A notice by the signed document that the receipt carries; `_documents` checked it."""
        for notice in self._facts.notices:
            if notice.name == name and notice.digest == digest.hex() and notice.document:
                try:
                    return wire.parse(_der(notice.document))
                except (ValueError, WireError):
                    return None
        return None

    def _archive(self, material: Material) -> Iterator[Check]:
        policy = self._facts.policy
        if self._vault is None:
            if policy.signed is not None:
                yield Check(UNKNOWN, "controller, purposes and keeping, which are the signed policy's: give --vault")
        elif material.policy is not None:
            yield Check(OK, "the archive has the signed policy with this digest, and the text it was signed from")
        elif policy.version:
            yield Check(UNKNOWN, f"policy version {policy.version}: the archive does not have it")

    def _lawfulness(self, material: Material) -> Iterator[Check]:
        if self._vault is None:
            yield Check(UNKNOWN, "lawfulness, which is checked with the signed documents of the archive: give --vault")
            return
        for found in material.reading.law:
            if found.severity == UNLAWFUL:
                yield Check(DIFFERS, f"the recording is unlawful: {found.code}: {found.text}")
            elif found.severity == IRREGULAR:
                yield Check(OK, f"irregular, as the receipt has to say: {found.code}: {found.text}")
            # What could not be checked for want of a document: `_archive` and `_documents` have told it.

    def _events(self, material: Material, data: bytes) -> Iterator[Check]:
        stated = _as_data(self._facts)
        try:
            derived = _as_data(facts_of(material, self._facts.issued))
        except VaultError as error:
            yield Check(DIFFERS, error.message)
            return
        if self._vault is None:
            # Only the archive has these: `_archive` reports them as unknown.
            for part in ("signed", "written"):
                derived["policy"][part] = stated["policy"][part]
            derived["findings"] = stated["findings"]
        if self._facts.findings is None:
            derived["findings"] = stated["findings"]
        if self._since_destroyed(derived):
            yield Check(OK, "the audio was destroyed since the receipt was issued; the rest still verifies")
            for name in ("audio", "gone_items"):
                derived["recording"][name] = stated["recording"][name]
        for name, text in _GROUPS.items():
            yield from _compare({name: derived[name]}, {name: stated[name]}, text, "the recording")

    def _since_destroyed(self, derived: dict[str, Any]) -> bool:
        recording: Any = derived["recording"]
        stated = self._facts.recording
        return stated.audio == "present" and recording["audio"] == "erased" and not self._facts.objections


def _document_differs(notice: NoticeFacts, operator: bytes | None) -> str:
    """Why the signed notice in a receipt is not the notice that the receipt describes; "" if it is."""
    try:
        document = wire.parse(_der(notice.document))
    except (ValueError, WireError) as error:
        return f"the signed notice cannot be read: {error}"
    digest = wire.digest(HOST, document.kind, document.version, document.body)
    if operator is None or not verify(operator, digest, document.signature):
        return "the same operator did not sign this notice"
    if document.kind != "notice":
        return "the document is no notice"
    name, language, text, total_ms, audio = document.body
    signed = (name, language, text, total_ms, document.version)
    if signed != (notice.name, notice.language, notice.text, notice.total_ms, notice.version):
        return "name, language, words, length or version are not those of the signed notice"
    if notice.digest not in [digest.hex() for _, digest, _ in audio]:
        return "the sound that was played is not that of the signed notice"
    return ""


def _der(text: str) -> bytes:
    data = base64.b64decode(text, validate=True)
    if base64.b64encode(data).decode() != text:
        raise ValueError("its base64 is not the one encoding of its bytes")
    return data


def _as_data(value: Any) -> Any:
    if isinstance(value, list):
        return [_as_data(one) for one in value]
    return value.model_dump() if hasattr(value, "model_dump") else value


def _compare(derived: dict[str, Any], stated: dict[str, Any], text: str, source: str) -> Iterator[Check]:
    found = list(_differences(derived, stated, ""))
    if not found:
        yield Check(OK, text)
    for path, right, wrong in found:
        yield Check(DIFFERS, f"{path}: the receipt says {_shortened(wrong)}, {source} {_shortened(right)}")


def _differences(derived: Any, stated: Any, path: str) -> Iterator[tuple[str, Any, Any]]:
    if isinstance(derived, dict) and isinstance(stated, dict) and derived.keys() == stated.keys():
        for name in derived:
            yield from _differences(derived[name], stated[name], f"{path}.{name}" if path else name)
    elif isinstance(derived, list) and isinstance(stated, list) and len(derived) == len(stated):
        for number, (one, other) in enumerate(zip(derived, stated, strict=True)):
            yield from _differences(one, other, f"{path}[{number}]")
    elif derived != stated or type(derived) is not type(stated):
        yield path, derived, stated


def _shortened(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 80 else text[:77] + "..."
