"""The signed documents that recordings name, from the archive; each is read once."""

import hashlib
from dataclasses import dataclass

from testigo_vault.documents.archive import DocumentFolder
from testigo_vault.errors import NotFound, VaultError
from testigo_vault.notice_name import check_notice_name
from testigo_wire.policy import documents as wire

_RECIPIENTS = 8  # of a policy's body


@dataclass
class Missing:
    """Why a document is not at hand: `why` is a term of the table [lawfulness-values]."""

    why: str


@dataclass(frozen=True)
class KeyChange:
    """A policy that names other recipients than the one before it. valid_from_ms: Unix time."""

    version: int
    valid_from_ms: int
    added: frozenset[tuple[int, bytes]]  # (stream, key id)
    removed: frozenset[tuple[int, bytes]]


class Archive:
    """own: {(stream, key id)} of this vault's present keys."""

    def __init__(self, documents: DocumentFolder, own: frozenset[tuple[int, bytes]]) -> None:
        self._documents = documents
        self.own = own
        self._policies: dict[int, tuple[wire.Document, bytes]] = {}
        self._notices: dict[tuple[str, bytes], wire.Document] = {}

    def policy(self, version: int, digest: bytes) -> wire.Document | Missing:
        """The policy whose signed document has this SHA-256."""
        try:
            document, held = self._policy(version)
        except NotFound:
            return Missing("not-held")
        except (VaultError, OSError):
            return Missing("damaged")
        return document if held == digest else Missing("another-held")

    def notice(self, name: str, digest: bytes) -> wire.Document | Missing:
        """The newest version of the notice one of whose encodings has this SHA-256."""
        if (name, digest) not in self._notices:
            try:
                check_notice_name(name)
            except VaultError:
                return Missing("not-held")
            try:
                self._notices[name, digest] = self._documents.archived_notice(name, digest)
            except NotFound:
                return Missing("not-held")
            except (VaultError, OSError):
                return Missing("damaged")
        return self._notices[name, digest]

    def known_recipients(self) -> frozenset[tuple[int, bytes]]:
        """(stream, key id) of this vault, and of every policy in the archive."""
        known = set(self.own)
        for version in self._documents.archived_policies():
            known |= self._recipients(version)
        return frozenset(known)

    def key_changes(self) -> list[KeyChange]:
        """The policies that changed who can open recordings, oldest first."""
        changes, before = [], None
        for version in sorted(self._documents.archived_policies()):
            now = self._recipients(version)
            if now and before is not None and now != before:
                begin = self._policies[version][0].body[0]
                changes.append(KeyChange(version, begin, frozenset(now - before), frozenset(before - now)))
            before = now or before
        return changes

    def _policy(self, version: int) -> tuple[wire.Document, bytes]:
        if version not in self._policies:
            document, data = self._documents.archived_policy_document(version)
            self._policies[version] = document, hashlib.sha256(data).digest()
        return self._policies[version]

    def _recipients(self, version: int) -> frozenset[tuple[int, bytes]]:
        try:
            return recipients_of(self._policy(version)[0])
        except (VaultError, OSError):
            return frozenset()


def recipients_of(policy: wire.Document) -> frozenset[tuple[int, bytes]]:
    return frozenset((stream, key_id) for stream, key_id, _ in policy.body[_RECIPIENTS])
