"""Which places this vault keeps its copies in: a marker in each place, and a register of the markers in the vault's folder.

A disk that is not mounted leaves an empty folder. Without a marker the vault would begin a new store in that folder, give
receipts for it, and the copies would be on one disk. So a place is used only while its marker is the one in the register.

    places.json           of the vault: {place: {"url", "marker"}}; it is part of the backup and does not need the index
    testigo-place.json    in each place: {"place", "id"}
"""

import json
import logging
import secrets
from pathlib import Path
from typing import TYPE_CHECKING

from testigo_vault.errors import StoreError, VaultError
from testigo_vault.files import locked, write_file
from testigo_vault.timestamps import now_text

if TYPE_CHECKING:
    from testigo_vault.storage.copies import Store

FILE_NAME = "places.json"
MARKER = "testigo-place.json"
_log = logging.getLogger("testigo.storage")


class PlaceRegister:
    """The register in the vault's folder."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / FILE_NAME

    def known(self) -> dict[str, dict[str, str]]:
        """{place: {"url", "marker"}}; empty for a vault that has not written to any place yet. Raises VaultError."""
        try:
            found = json.loads(self._path.read_bytes())
            return {name: {"url": entry["url"], "marker": entry["marker"]} for name, entry in found.items()}
        except FileNotFoundError:
            return {}
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise VaultError(
                f"{self._path} is no register of places: {error!r}.",
                "Restore it from the backup, or remove it and accept each place by `testigo vault accept-place`.",
            ) from None

    def check(self, name: str, url: str, marker: bytes) -> None:
        """Raises StoreError unless `marker` is the one that this vault left in the place."""
        expected = self.known().get(name)
        if expected is not None and marker.decode(errors="replace") == expected["marker"]:
            return
        accept = f"Or accept it as it is by `testigo vault accept-place {name}`, and fill it by `testigo vault repair`."
        if expected is None:
            raise StoreError(f"Copy {name} ({url}) is not known to this vault yet: nothing is written to it.", accept)
        if marker:
            why = "it has the marker of another place"
        else:
            why = f"it has no {MARKER}, as when its disk is not mounted"
        raise StoreError(
            f"Copy {name} ({url}) is not the place that this vault wrote to: {why}.",
            "Mount its disk, or correct its url in vault.toml. " + accept,
        )

    def new_marker(self, name: str) -> bytes:
        return json.dumps({"place": name, "id": secrets.token_hex(16), "made": now_text()}).encode() + b"\n"

    def add(self, name: str, url: str, marker: bytes) -> None:
        """Enter a place, or another one under its name. Raises OSError."""
        with locked(self._path.with_suffix(".lock")):
            entries = self.known() | {name: {"url": url, "marker": marker.decode()}}
            write_file(self._path, json.dumps(entries, indent=1).encode() + b"\n", 0o600)


def accept_first_places(store: "Store", register: PlaceRegister, is_new: bool) -> list[str]:
    """Enter places that may be entered without a person, and log each; -> their names.

    is_new: whether the index has no recording. A vault that has none, in the index or in a place, takes any place. One of a
    version without a register takes the places that hold recordings; an empty one may be a disk that is not mounted.
    """
    known = register.known()
    accepted = []
    try:
        new = [place for place in store.places if known.get(place.name, {}).get("url") != place.url]
        if not new or (known and not is_new):
            return []
        filled = {place.name for place in store.places if not place.is_empty()}
        for place in new:
            if (place.name in filled and not known) or (is_new and not filled and not place.marker()):
                place.accept()
                accepted.append(place.name)
                level = logging.INFO if is_new else logging.WARNING
                _log.log(level, "Copy %s (%s) has the marker of this vault from now on.", place.name, place.url)
    except StoreError as error:
        # What is not entered is refused when it is written to.
        _log.warning("%s", error)
    return accepted
