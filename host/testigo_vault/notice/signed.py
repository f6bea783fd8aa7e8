"""Signs a notice with its audio, and reads it back: the document, and the audio checked against the digests in it.

These bytes are what callers hear (docs/formats/documents.md); a preview plays them, not the file they were made from.
"""

import hashlib
from dataclasses import dataclass

from testigo_vault.documents.archive import DocumentFolder, documents_of
from testigo_vault.documents.signing import sign_document
from testigo_vault.errors import VaultError
from testigo_vault.identity.organisation import Organisation
from testigo_vault.notice.audio import NoticeAudio
from testigo_vault.notice_name import check_notice_name


@dataclass
class SignedNotice:
    """audio: encoding -> G.711 bytes; digests: encoding -> SHA-256 of them."""

    name: str
    version: int
    language: str
    text: str
    total_ms: int
    audio: dict[str, bytes]
    digests: dict[str, bytes]


def sign_notice(organisation: Organisation, name: str, language: str, text: str, audio: NoticeAudio) -> int:
    """Sign and keep a notice with its audio; its version."""
    check_notice_name(name)
    # The document gives the length in whole milliseconds, of eight bytes each.
    pieces = {encoding: data[: len(data) // 8 * 8] for encoding, data in audio.encodings()}
    described = [[encoding, hashlib.sha256(data).digest(), len(data)] for encoding, data in pieces.items()]
    body = [name, language, text, len(pieces["PCMU"]) // 8, described]
    blobs = {f"{name}.{encoding}": data for encoding, data in pieces.items()}
    path = documents_of(organisation).notice_path(name)
    return sign_document(organisation, path, "notice", body, f"notice {name}", blobs)


def read(documents: DocumentFolder, name: str) -> SignedNotice:
    """Raises NotFound where there is none, Refused where the signature is wrong, VaultError where audio is missing or not
    what was signed."""
    path = documents.notice_path(name)
    document = documents.read(path)
    _, language, text, total_ms, described = document.body
    audio, digests = {}, {}
    for encoding, digest, length in described:
        file = path.parent / f"{name}.{encoding}"
        try:
            data = file.read_bytes()
        except OSError as error:
            raise VaultError(f"{file} cannot be read: {error.strerror}.", _HINT.format(name)) from None
        if len(data) != length or hashlib.sha256(data).digest() != digest:
            raise VaultError(f"{file} is not the audio that was signed: its digest differs.", _HINT.format(name))
        audio[encoding], digests[encoding] = data, digest
    return SignedNotice(name, document.version, language, text, total_ms, audio, digests)


_HINT = "Restore it from the backup, or make it again by `testigo notice make {}`."
