"""The signed documents: those that appliances get, and an archive of all that were ever signed.

documents/policy.tsd                    for every appliance
documents/objections.tsd                with objections.list, its digests, beside it
documents/notices/<name>.tsd            with <name>.PCMU and <name>.PCMA, its audio, beside it
documents/settings/<device_id>.tsd      for one appliance
documents/archive/policy-<version>.tsd  with the .toml that it was signed from: the rules for calls of that time
documents/archive/notice-<name>-<version>.tsd   without audio: the words played in calls of that time
"""

import contextlib
import hashlib
import re
from collections.abc import Iterator
from pathlib import Path

from testigo_vault.errors import NotFound, Refused, VaultError
from testigo_vault.files import locked, write_files
from testigo_vault.identity.devices import check_device_id
from testigo_vault.identity.organisation import Organisation
from testigo_vault.notice_name import check_notice_name
from testigo_vault.primitives import HOST, verify
from testigo_wire.encoding import cbor
from testigo_wire.errors import WireError
from testigo_wire.policy import documents as wire
from testigo_wire.policy import objections

_SOURCE, _AUDIO = 5, 4  # where a policy's body has the digest of its text, and a notice's its audio


def documents_of(organisation: Organisation) -> "DocumentFolder":
    """The documents in the vault folder of an organisation."""
    return DocumentFolder(organisation.folder / "documents", organisation.operator_public)


class DocumentFolder:
    def __init__(self, folder: Path, operator_public: bytes) -> None:
        self.folder = folder
        self._operator = operator_public

    def read(self, path: Path) -> wire.Document:
        """Parse a document file and check its signature."""
        return self._read(path)[0]

    def _read(self, path: Path) -> tuple[wire.Document, bytes]:
        """A document, its signature checked, and its bytes."""
        try:
            data = path.read_bytes()
            document = wire.parse(data)
        except FileNotFoundError:
            raise NotFound(f"There is no document {path}.", "Sign one first.") from None
        except WireError as error:
            raise VaultError(
                f"{path} is not a document: {error}.",
                "Restore it from the backup: appliances take newer versions only.",
            ) from None
        self._check_signature(path, document.kind, document.version, document.body, document.signature)
        return document, data

    def _check_signature(self, path: Path, kind: str, version: int, body: list, signature: bytes) -> None:
        if not verify(self._operator, wire.digest(HOST, kind, version, body), signature):
            raise Refused(
                f"{path} was not signed by this organisation's operator.",
                "Restore it from the backup: appliances take newer versions only.",
            )

    @contextlib.contextmanager
    def signing(self) -> Iterator[None]:
        """A lock for finding the next version, signing and saving. Of two documents of one version an appliance would keep the
        first."""
        self.folder.mkdir(parents=True, exist_ok=True)
        with locked(self.folder / "signing.lock"):
            yield

    def next_version(self, path: Path) -> int:
        """One more than the versions of the present document and of those in the archive: versions only grow."""
        archived = self._archived(_archive_stem(path))
        return max([self._version(path), *archived], default=0) + 1

    def _version(self, path: Path) -> int:
        """The version of the present document, or 0. Its body may have an earlier format."""
        try:
            data = path.read_bytes()
        except FileNotFoundError:
            return 0
        try:
            value = cbor.decode(data, wire.MAX_SIZE)
            magic, form, kind, version, body, signature = value
            if (magic, form) == ("testigo", 1):
                self._check_signature(path, kind, version, body, signature)
                return version
        except (WireError, ValueError, TypeError):
            pass
        raise VaultError(
            f"{path} is not a document.", "Restore it from the backup; appliances take newer versions only."
        )

    # Paths

    def policy_path(self) -> Path:
        return self.folder / "policy.tsd"

    def objections_path(self) -> Path:
        return self.folder / "objections.tsd"

    def notice_path(self, name: str) -> Path:
        return self.folder / "notices" / f"{check_notice_name(name)}.tsd"

    def settings_path(self, device_id: str) -> Path:
        return self.folder / "settings" / f"{check_device_id(device_id)}.tsd"

    def save(
        self, path: Path, document: bytes, blobs: dict[str, bytes] | None = None, source: str | None = None
    ) -> None:
        """Write a document; its blobs (name -> bytes) come first, since it names them by digest. On a full disk the one in
        force stays, with its own blobs.

        Policies and notices go into the archive before they are in force. source: the text a policy was signed from.
        """
        path.parent.mkdir(parents=True, exist_ok=True)
        files = []
        stem = _archive_stem(path)
        if stem:
            archive = self._archive_folder()
            name = f"{stem}-{wire.parse(document).version}"
            if source is not None:
                files.append((archive / f"{name}.toml", source.encode(), 0o600))  # it names workers
            files.append((archive / f"{name}.tsd", document, 0o644))
        files += [(path.parent / name, data, 0o644) for name, data in (blobs or {}).items()]
        write_files([*files, (path, document, 0o644)])

    # The archive

    def _archive_folder(self) -> Path:
        archive = self.folder / "archive"
        archive.mkdir(mode=0o700, parents=True, exist_ok=True)
        return archive

    def _archived(self, stem: str) -> list[int]:
        """Versions in the archive, newest first."""
        pattern = re.compile(re.escape(stem) + r"-(\d+)\Z")
        found = (pattern.match(entry.stem) for entry in (self.folder / "archive").glob(f"{stem}-*.tsd")) if stem else ()
        return sorted((int(match[1]) for match in found if match), reverse=True)

    def archived_policies(self) -> list[int]:
        """The versions of the policies in the archive, newest first."""
        return self._archived("policy")

    def archived_policy_document(self, version: int) -> tuple[wire.Document, bytes]:
        """A policy that was signed once, and its bytes; without the text it was signed from. Raises NotFound."""
        return self._read(self.folder / "archive" / f"policy-{version}.tsd")

    def archived_policy(self, version: int) -> tuple[wire.Document, str]:
        """A policy that was signed once, and the TOML it was signed from. Raises NotFound."""
        path = self.folder / "archive" / f"policy-{version}.tsd"
        document = self.read(path)
        try:
            text = path.with_suffix(".toml").read_bytes().decode("utf-8")
        except (FileNotFoundError, UnicodeDecodeError):
            text = None
        if text is None or hashlib.sha256(text.encode()).digest() != document.body[_SOURCE]:
            raise VaultError(
                f"{path.with_suffix('.toml')} is not the text that policy version {version} was signed from.",
                "Restore it from the backup.",
            )
        return document, text

    def archived_notice(self, name: str, digest32: bytes) -> wire.Document:
        """The newest version of a notice one of whose encodings has this SHA-256. Raises NotFound."""
        stem = f"notice-{check_notice_name(name)}"
        for version in self._archived(stem):
            document = self.read(self.folder / "archive" / f"{stem}-{version}.tsd")
            if document.body[0] == name and any(digest == digest32 for _, digest, _ in document.body[_AUDIO]):
                return document
        raise NotFound(
            f"No version of the notice {name!r} has the audio {digest32.hex()[:16]}...",
            "Restore documents/archive from the backup.",
        )

    # What appliances get

    def notice_names(self) -> list[str]:
        return sorted(path.stem for path in (self.folder / "notices").glob("*.tsd"))

    def documents_for(self, device_id: str) -> list[bytes]:
        """Objections and notices, then the policy that needs them, then the settings, which start calls."""
        paths = [self.objections_path(), *(self.notice_path(name) for name in self.notice_names())]
        paths += [self.policy_path(), self.settings_path(device_id)]
        return [path.read_bytes() for path in paths if path.exists()]

    def blobs_for(self, device_id: str) -> list[tuple[str, Path]]:
        blobs = []
        if self.objections_path().exists():
            blobs.append((objections.BLOB, self.folder / objections.BLOB))
        for name in self.notice_names():
            for encoding, _, _ in self.read(self.notice_path(name)).body[_AUDIO]:
                blobs.append((f"{name}.{encoding}", self.folder / "notices" / f"{name}.{encoding}"))
        return blobs


def _archive_stem(path: Path) -> str:
    """The name in the archive of the document at this path; "" for kinds that are not archived."""
    if path.name == "policy.tsd":
        return "policy"
    return f"notice-{path.stem}" if path.parent.name == "notices" else ""
