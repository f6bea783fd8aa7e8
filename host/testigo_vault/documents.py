"""The signed documents that appliances get, in a folder that is sent as it lies there.

documents/policy.tsd                    for every appliance
documents/notices/<name>.tsd            with <name>.PCMU and <name>.PCMA, its audio, beside it
documents/settings/<device_id>.tsd      for one appliance
"""

import re
from pathlib import Path

from testigo_vault.devices import check_device_id
from testigo_vault.errors import NotFound, Refused, VaultError
from testigo_vault.files import write_file
from testigo_vault.primitives import HOST, verify
from testigo_wire import documents as wire
from testigo_wire.errors import WireError

_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,23}\Z")


def check_notice_name(name: str) -> str:
    if not _NAME.match(name):
        raise VaultError(f"{name!r} cannot name a notice.", "Use up to 24 small letters, digits and dashes.")
    return name


class DocumentFolder:
    def __init__(self, folder: Path, operator_public: bytes) -> None:
        self.folder = folder
        self._operator = operator_public

    def read(self, path: Path) -> wire.Document:
        """Parse a document file and check its signature."""
        try:
            document = wire.parse(path.read_bytes())
        except FileNotFoundError:
            raise NotFound(f"There is no document {path}.", "Sign one first.") from None
        except WireError as error:
            raise VaultError(f"{path} is not a document: {error}.", "Sign it again.") from None
        digest = wire.digest(HOST, document.kind, document.version, document.body)
        if not verify(self._operator, digest, document.signature):
            raise Refused(f"{path} was not signed by this organisation's operator.", "Sign it again.")
        return document

    def next_version(self, path: Path) -> int:
        """Versions only grow: one more than the present document's."""
        return self.read(path).version + 1 if path.exists() else 1

    def policy_path(self) -> Path:
        return self.folder / "policy.tsd"

    def notice_path(self, name: str) -> Path:
        return self.folder / "notices" / f"{check_notice_name(name)}.tsd"

    def settings_path(self, device_id: str) -> Path:
        return self.folder / "settings" / f"{check_device_id(device_id)}.tsd"

    def save(self, path: Path, document: bytes, blobs: dict[str, bytes] | None = None) -> None:
        """Write a document; its blobs (name -> bytes) come first, since it names them by digest."""
        path.parent.mkdir(parents=True, exist_ok=True)
        for name, data in (blobs or {}).items():
            write_file(path.parent / name, data)
        write_file(path, document)

    def notice_names(self) -> list[str]:
        return sorted(path.stem for path in (self.folder / "notices").glob("*.tsd"))

    def documents_for(self, device_id: str) -> list[bytes]:
        """Notices, then the policy that needs them, then the settings, by which calls begin."""
        paths = [self.notice_path(name) for name in self.notice_names()]
        paths += [self.policy_path(), self.settings_path(device_id)]
        return [path.read_bytes() for path in paths if path.exists()]

    def blobs_for(self, device_id: str) -> list[tuple[str, Path]]:
        blobs = []
        for name in self.notice_names():
            for encoding, _, _ in self.read(self.notice_path(name)).body[4]:
                blobs.append((f"{name}.{encoding}", self.folder / "notices" / f"{name}.{encoding}"))
        return blobs
