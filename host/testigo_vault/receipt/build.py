"""Consent receipts of a vault: made from a recording and the archive of signed documents, signed by the operator.

A receipt has the notices that were played, the answers, and what binds them to the sealed recording: the head that the
appliance signed, its signature and its certificate. It has no audio, and can be checked without the vault.
"""

import hashlib
import json
import re
import unicodedata
import uuid
from collections.abc import Callable
from typing import Any

from testigo_vault.errors import NotFound, Refused, VaultError
from testigo_vault.identity.certificates import device_public
from testigo_vault.identity.keys import INDEX_STREAM, StreamKeyOpener
from testigo_vault.playback.decrypt import unchanged_copy
from testigo_vault.policy import parser as policy_parser
from testigo_vault.policy.source import PolicySource
from testigo_vault.primitives import HOST, verify
from testigo_vault.receipt.facts import Material, document_bytes, evidence_in, facts_of
from testigo_vault.receipt.iso27560 import sections
from testigo_vault.receipt.model import SCHEMA, IndexKey, LogHead, Receipt, ReceiptMetadata, Signature
from testigo_vault.receipt.signing import operator_key, sign_content
from testigo_vault.recordings.judge import judge
from testigo_vault.recordings.reader import Reading, read
from testigo_vault.recordings.rows import QUARANTINED
from testigo_vault.storage.copies import recording_path
from testigo_vault.storage.models import Recording
from testigo_vault.timestamps import now_text
from testigo_vault.toml.reader import FileProblems
from testigo_vault.vault import Vault
from testigo_vault.vocabulary.translator import base_language
from testigo_wire.policy import documents as wire
from testigo_wire.recording.item_parser import Item
from testigo_wire.recording.items import seal_digest

LOGGED = "consent-export"  # the kind of the line in the access log
_SPANISH = ("es", "ca", "eu", "gl")


def new_id() -> tuple[str, str]:
    """(id, time of issue) of a receipt that is about to be made: both go into the access log first."""
    now = now_text("milliseconds")
    return str(uuid.uuid4()), now


def log_detail(receipt_id: str, issued: str) -> str:
    return f"receipt {receipt_id} of {issued}"


def make(
    vault: Vault, recording: Recording, receipt_id: str, issued: str, language: str = "", with_key: bool = False
) -> Receipt:
    """language: es, en, or that of the notice that the other party heard. with_key: put in the key that opens the events
    of this recording, for whoever has to check them without the vault. Raises Refused, StoreError, VaultError."""
    if recording.state == QUARANTINED:
        raise Refused(
            f"Recording {recording.id} is in quarantine: {recording.why}",
            "There is no receipt of it. `testigo show` lists what is in it.",
        )
    material = material_of(vault, unchanged_copy(vault, recording), language, with_key, recording.path)
    head = vault.log.head()
    return sign_receipt(vault, content_of(material, receipt_id, issued, LogHead(line=head.line, digest=head.digest)))


def content_of(material: Material, receipt_id: str, issued: str, head: LogHead) -> dict[str, Any]:
    """A receipt without its signature, as plain data. head: of the access log, so that its state leaves the house."""
    facts = facts_of(material, issued).model_copy(update={"access_log": head})
    metadata = ReceiptMetadata(schema_version=SCHEMA, receipt_id=receipt_id)  # type: ignore[arg-type]
    unsigned = Receipt(
        receipt_metadata=metadata,
        **sections(facts),
        testigo=facts,
        signature=Signature(protected="", signature=""),
    )
    return unsigned.model_dump(exclude={"signature"})


def sign_receipt(vault: Vault, content: dict[str, Any]) -> Receipt:
    signature = sign_content(operator_key(vault.organisation), content)
    return Receipt.model_validate({**content, "signature": signature})


def as_file(receipt: Receipt) -> bytes:
    """JSON for people and programs; control and format characters are escaped."""
    text = json.dumps(receipt.as_data(), ensure_ascii=False, indent=1)
    escaped = re.sub(r"[^\n]", lambda found: _escape(found[0]), text)
    return escaped.encode() + b"\n"


def material_of(
    vault: Vault, data: bytes, language: str = "", with_key: bool = False, path: str | None = None
) -> Material:
    """Of a recording's bytes, with the vault's keys, register and archive. path: of its copies; by default that of good ones."""
    device_id, seal = _ends(data)
    certificate = _signing_certificate(vault, device_id, seal)
    reading = read(data, [device_public(certificate)], vault.index_key)
    judge(
        vault, reading, recording_path(device_id, reading.header[4], reading.header[2].hex()) if path is None else path
    )
    evidence = evidence_in(reading)
    policy, written = archived_policy(vault, evidence.policy_version, evidence.policy_digest)
    if language not in ("es", "en"):
        heard = [notice.language for notice in evidence.notices if notice.leg == 1]
        language = "es" if heard and base_language(heard[-1]) in _SPANISH else "en"
    return Material(
        reading=reading,
        certificate=certificate,
        authority=vault.organisation.ca_der,
        policy=policy,
        written=written,
        notice=notices_of(vault),
        language="es" if language == "es" else "en",
        index_key=index_key_of(data, vault.index_key) if with_key else None,
    )


def archived_policy(vault: Vault, version: int, digest: str) -> tuple[wire.Document | None, PolicySource | None]:
    """The policy with this digest and its text; None for what was signed before there was an archive."""
    if not version:
        return None, None
    try:
        document, text = vault.documents.archived_policy(version)
    except NotFound:
        return None, None
    if hashlib.sha256(document_bytes(document)).hexdigest() != digest:
        return None, None
    try:
        return document, policy_parser.parse(text, vault.folder / f"policy-{version}.toml")
    except FileProblems:
        return document, None  # a text of an earlier version of this program


def notices_of(vault: Vault) -> Callable[[str, bytes], wire.Document | None]:
    def find(name: str, digest: bytes) -> wire.Document | None:
        try:
            return vault.documents.archived_notice(name, digest)
        except VaultError:
            return None

    return find


def index_key_of(data: bytes, opener: StreamKeyOpener) -> IndexKey | None:
    """The base key of a recording's index stream, if the opener opens it."""
    found: list[bytes | None] = []
    header: list[list] = []

    def on_item(item: Item) -> None:
        if item.kind == "header":
            header.append(item.fields)
        elif item.kind == "keys" and item.stream == INDEX_STREAM and header and not found:
            found.append(opener.find(INDEX_STREAM, header[0][2], item.fields[2]))

    read(data, [], None, on_item=on_item)
    key = found[0] if found else None
    return IndexKey(recipient=opener.key_id.hex(), key=key.hex()) if key else None


def _ends(data: bytes) -> tuple[str, Reading]:
    reading = read(data, [], None)
    if not reading.header or reading.seal is None:
        raise VaultError("These bytes are no sealed recording.", "Give the .tsg file as the vault keeps it.")
    return reading.header[3], reading


def _signing_certificate(vault: Vault, device_id: str, reading: Reading) -> bytes:
    """The appliance's certificate, newest first, whose key signed the seal."""
    assert reading.seal is not None
    _, items, head, closed_ms, reason, signature = reading.seal
    digest = seal_digest(HOST, reading.header[2], items, head, closed_ms, reason)
    for certificate in reversed(vault.organisation.devices.get(device_id).certificates):
        if verify(device_public(certificate), digest, signature):
            return certificate
    raise Refused(f"No registered key of {device_id} signed this recording.", "Run `testigo verify` on it.")


def _escape(c: str) -> str:
    if unicodedata.category(c) not in ("Cc", "Cf", "Cs", "Zl", "Zp"):
        return c
    units = c.encode("utf-16-be", "surrogatepass")
    return "".join(f"\\u{units[i]:02x}{units[i + 1]:02x}" for i in range(0, len(units), 2))
