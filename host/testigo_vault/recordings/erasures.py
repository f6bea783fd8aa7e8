"""The signed records of what this vault erased, beside each copy (docs/formats/erasure.md)."""

import re
from dataclasses import dataclass, field

from testigo_vault.errors import NotFound, StoreError
from testigo_vault.primitives import HOST, verify
from testigo_vault.recordings.reader import Reading
from testigo_vault.timestamps import now_ms
from testigo_vault.vault import Vault
from testigo_wire.errors import WireError
from testigo_wire.recording import erasure
from testigo_wire.recording.erasure import Erasure

BY_VAULT = "vault"
_LAST = 1000  # versions that are looked for


@dataclass
class Records:
    """valid: the operator's, of this recording, by version. foreign: how many others lie there. places: {place: versions}."""

    valid: dict[int, Erasure] = field(default_factory=dict)
    foreign: int = 0
    places: dict[str, list[int]] = field(default_factory=dict)

    @property
    def erasures(self) -> list[Erasure]:
        return [self.valid[version] for version in sorted(self.valid)]


def record_path(path: str, version: int) -> str:
    """Beside the copy with that path."""
    return re.sub(r"\.tsg\Z", f".erasure-{version}.tsd", path)


def records(vault: Vault, path: str, reading: Reading) -> Records:
    """From every place; a place that cannot be read counts as one without them. Of bytes without a seal there are none."""
    found = Records()
    if not reading.header or reading.seal is None:
        return found
    foreign = set()
    for place in vault.store.places:
        versions = found.places.setdefault(place.name, [])
        for version in range(1, _LAST):
            try:
                data = place.get(record_path(path, version))
            except (NotFound, StoreError):
                break
            record = _valid(vault, data, version, reading)
            if record is None:
                foreign.add((version, data))
            else:
                found.valid[version] = record
                versions.append(version)
    found.foreign = len(foreign)
    return found


def put(vault: Vault, path: str, record: bytes) -> None:
    """Keep a new record beside the copies in every place, before the copies are changed. Raises StoreError."""
    vault.store.put(record_path(path, erasure.parse(record).version), record)


def spread(vault: Vault, path: str) -> list[str]:
    """Give every place the records that another one has; -> the names of those that lacked one. Raises StoreError."""
    lacking: list[str] = []
    for version in range(1, _LAST):
        name = record_path(path, version)
        held = {}
        for place in vault.store.places:
            try:
                held[place.name] = place.get(name)
            except NotFound:
                pass
        good = next((data for data in held.values() if _signed(vault, data) is not None), None)
        if good is None:
            break
        for place in vault.store.places:
            if held.get(place.name) != good:
                if place.name in held:
                    place.set_aside(name)
                place.put(name, good)
                lacking.append(place.name)
    return lacking


def record_of_audio(vault: Vault, before: Reading, indices: list[int], reason: str) -> bytes:
    """A signed record, version 1, that the vault by itself erases these items, all of the audio, of a sealed recording."""
    assert before.seal is not None
    header = before.header
    body = [
        header[3],
        header[2],
        header[4],
        before.header_digest,
        header[5],
        before.seal[2],
        erasure.AUDIO,
        erasure.runs_of(indices),
        0,
        0,
        now_ms(),
        BY_VAULT,
        reason,
    ]
    signature = vault.organisation.operator_sign_digest(erasure.digest(HOST, 1, body))
    return erasure.encode(1, body, signature)


def _valid(vault: Vault, data: bytes, version: int, reading: Reading) -> Erasure | None:
    """The record, if the operator signed it for this recording."""
    record = _signed(vault, data)
    assert reading.seal is not None
    if record is None or record.version != version:
        return None
    return record if record.belongs_to(reading.header, reading.header_digest, reading.seal[2]) else None


def _signed(vault: Vault, data: bytes) -> Erasure | None:
    """The record, if this vault's operator signed it."""
    try:
        record = erasure.parse(data)
    except WireError:
        return None
    return record if verify(vault.organisation.operator_public, record.digest(HOST), record.signature) else None
