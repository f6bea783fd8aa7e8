"""The register of numbers that are never to be recorded (GDPR article 21, RD 1720/2007 article 34), and the signed list
that appliances get of it.

    objections.json   numbers in E.164, in clear: who entered each, when and why, and who removed it

The register is kept on the vault alone, readable by its user only. An appliance gets keyed digests
(docs/formats/documents.md, `objections`). Each list is signed under a fresh random key, so two lists cannot be compared
and the key of a stolen appliance does not open a later list. This costs nothing: every change sends the whole list. Whoever
has a key can try all telephone numbers; the digests do not protect the list against that.

Nothing is deleted: an entry that was removed stays with the reason, as evidence that the objection was honoured. Each use
of the register is a line in the access log, which names entries by their number in the register, not telephone numbers.
"""

import contextlib
import hashlib
import json
import secrets
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass

from testigo_vault.audit.access_log import DENIED, GRANTED
from testigo_vault.documents.archive import DocumentFolder, documents_of
from testigo_vault.errors import NotFound, VaultError
from testigo_vault.files import locked, write_file
from testigo_vault.identity.organisation import Organisation
from testigo_vault.primitives import HOST
from testigo_vault.timestamps import now_text
from testigo_wire.policy import e164 as wire_numbers
from testigo_wire.policy import objections as wire

FILE_NAME = "objections.json"
KINDS = ("objections-add", "objections-remove", "objections-list", "objections-check")  # in the access log
SHORTEST = 7  # digits of a number in E.164, country code and all
_NUMBERING = 6  # where a policy's body has it

Log = Callable[[str, str, str], object]  # kind, outcome, detail


@dataclass
class Change:
    """Who changed an entry, when (UTC), why."""

    at: str
    by: str
    reason: str


@dataclass
class Entry:
    n: int  # from 1
    number: str
    added: Change
    removed: Change | None = None


@dataclass
class Added:
    """The result of adding numbers. version: of the list now signed."""

    added: list[Entry]
    present: list[Entry]  # on the list already
    version: int


class Register:
    """who: in the register and the log. log(kind, outcome, detail): writes the access log, or raises."""

    def __init__(self, organisation: Organisation, who: str, log: Log) -> None:
        self.path = organisation.folder / FILE_NAME
        self._organisation = organisation
        self._who = who
        self._log = log
        self._numbering: list[str] | None = None

    def number(self, text: str) -> str:
        """A number as people write it, in E.164, by the [numbering] of the policy in force. Raises VaultError."""
        if self._numbering is None:
            self._numbering = numbering_in_force(documents_of(self._organisation))
        return e164(text, self._numbering)

    def add(self, wanted: Iterable[tuple[str, str]]) -> Added:
        """Enter numbers in E.164, each with a reason; those on the list already stay as they are. Signs the list."""
        with self._locked():
            entries = self._read_complete()
            active = {entry.number: entry for entry in entries if entry.removed is None}
            added: list[Entry] = []
            present: list[Entry] = []
            for number, reason in wanted:
                if number in active:
                    present.append(active[number])
                else:
                    active[number] = Entry(len(entries) + len(added) + 1, number, self._change(reason))
                    added.append(active[number])
            self._log(
                KINDS[0], GRANTED, _entry_numbers(added) if added else "on the list already: " + _entry_numbers(present)
            )
            if added:
                self._write(entries + added)
            return Added(added, present, self._publish(active))

    def remove(self, number: str, reason: str) -> tuple[Entry, int]:
        """Take a number in E.164 off the list: (its entry, version of the list). Raises NotFound."""
        with self._locked():
            entries = self._read_complete()
            active = {entry.number: entry for entry in entries if entry.removed is None}
            entry = active.pop(number, None)
            if entry is None:
                self._log(KINDS[1], DENIED, "not on the list")
                raise NotFound(
                    f"{number} is not on the list.", "`testigo objections list --all` shows removed numbers too."
                )
            self._log(KINDS[1], GRANTED, _entry_numbers([entry]))
            entry.removed = self._change(reason)
            self._write(entries)
            return entry, self._publish(active)

    def entries(self, past: bool = False) -> list[Entry]:
        """The numbers on the list; with `past` those too that were removed."""
        with self._locked():
            entries = [entry for entry in self._read() if past or entry.removed is None]
            self._log(KINDS[2], GRANTED, f"{len(entries)} entries{', past ones too' if past else ''}")
            return entries

    def check(self, number: str) -> list[Entry]:
        """The entries of a number in E.164, the one in force last."""
        with self._locked():
            found = [entry for entry in self._read() if entry.number == number]
            self._log(KINDS[3], GRANTED, _entry_numbers(found) if found else "no entry")
            return found

    def publish(self, without_lost: bool = False) -> int:
        """Version of the signed list. It is signed again if it differs from the register, after a restored backup or a crash.
        0: there is no list, since no number was ever added. without_lost: sign even if the list has numbers that the
        register does not have; their objections end then."""
        with self._locked():
            entries = self._read() if without_lost else self._read_complete()
            if without_lost:
                self._log(KINDS[2], GRANTED, "signed without the numbers that the register lost")
            return self._publish(entry.number for entry in entries if entry.removed is None)

    # the file

    def _locked(self) -> contextlib.AbstractContextManager[None]:
        return locked(self.path.with_suffix(".lock"))

    def _read(self) -> list[Entry]:
        try:
            data = json.loads(self.path.read_bytes())
            return [
                Entry(
                    row["n"],
                    row["number"],
                    Change(**row["added"]),
                    Change(**row["removed"]) if row["removed"] else None,
                )
                for row in data["entries"]
            ]
        except FileNotFoundError:
            return []
        except (ValueError, KeyError, TypeError) as error:
            raise VaultError(f"{self.path} is not the register of objections: {error!r}.", "Restore it.") from None

    def _read_complete(self) -> list[Entry]:
        """The entries of a register that has every number of the signed list. Raises VaultError where the register was lost or
        is older than the list: signing a shorter list would end objections that the register no longer shows."""
        entries = self._read()
        documents = documents_of(self._organisation)
        if documents.objections_path().exists():
            key, count, digest = documents.read(documents.objections_path()).body
            listed = _signed_digests(documents)
            known = {entry.number for entry in entries}
            lost = count - len(known)  # at least, of a list that was damaged besides
            if hashlib.sha256(listed).digest() == digest:
                digests = {listed[at : at + wire.WIDTH] for at in range(0, len(listed), wire.WIDTH)}
                lost = len(digests.difference(wire.digest(HOST, key, number) for number in known))
            if lost > 0:
                numbers = "1 number that is" if lost == 1 else f"{lost} numbers that are"
                raise VaultError(
                    f"The signed list has {numbers} not in {self.path}: the register was lost, or is an older one.",
                    "Restore it from the backup. Where there is none, `testigo objections list --without-lost` signs the list "
                    "without them: calls of these people are then recorded again.",
                )
        return entries

    def _write(self, entries: list[Entry]) -> None:
        data = {"entries": [asdict(entry) for entry in entries]}
        write_file(self.path, json.dumps(data, indent=1, ensure_ascii=False).encode() + b"\n", 0o600)

    def _change(self, reason: str) -> Change:
        return Change(now_text(), self._who, reason.strip())

    # the signed list

    def _publish(self, wanted: Iterable[str]) -> int:
        documents = documents_of(self._organisation)
        path = documents.objections_path()
        numbers = sorted(set(wanted))
        if path.exists():
            held = documents.read(path)
            if _blob(held.body[0], numbers) == _signed_digests(documents) and held.body[1] == len(numbers):
                return held.version
        elif not numbers:
            return 0
        while True:
            key = secrets.token_bytes(32)
            listed = _blob(key, numbers)
            if len(listed) == wire.WIDTH * len(numbers):  # else two numbers have one digest: another key
                break
        version = documents.next_version(path)
        body = [key, len(numbers), hashlib.sha256(listed).digest()]
        document = self._organisation.operator_sign("objections", version, body)
        documents.save(path, document, {wire.BLOB: listed})
        return version


def numbering_in_force(documents: DocumentFolder) -> list[str]:
    """[country_code, national_prefix, international_prefix] of the signed policy: which appliances use."""
    path = documents.policy_path()
    return documents.read(path).body[_NUMBERING] if path.exists() else ["", "", ""]


def e164(text: str, numbering: list[str]) -> str:
    """A telephone number as people write it, in E.164 with its `+`. Raises VaultError for an invalid one."""
    number = wire_numbers.e164(text.strip(), numbering)
    if not number:
        raise VaultError(f"{text!r} is no telephone number.", "Write it as +34600111222.")
    if not number.startswith("+"):
        short = len(number) < wire_numbers.SHORTEST
        why = "is too short to be a whole number" if short else "has no country code, and no policy says which"
        raise VaultError(f"{text!r} {why}.", "Write it as +34600111222.")
    if len(number) <= SHORTEST:
        raise VaultError(f"{text!r} is too short to be a whole number.", "Write it as +34600111222.")
    return number


def on_signed_list(documents: DocumentFolder, numbers: Iterable[str]) -> bool:
    """Whether one of the numbers in E.164 is on the list that appliances have, looked up as they do."""
    path = documents.objections_path()
    if not path.exists():
        return False
    key, count, digest = documents.read(path).body
    listed = _signed_digests(documents)
    if hashlib.sha256(listed).digest() != digest:
        raise VaultError(f"{wire.BLOB} is not the list that was signed.", "`testigo objections list` signs it anew.")
    return any(
        wire.contains(
            lambda index: listed[index * wire.WIDTH : (index + 1) * wire.WIDTH], count, wire.digest(HOST, key, number)
        )
        for number in numbers
        if number
    )


def _signed_digests(documents: DocumentFolder) -> bytes:
    path = documents.objections_path().parent / wire.BLOB
    return path.read_bytes() if path.exists() else b""


def _blob(key: bytes, numbers: list[str]) -> bytes:
    return wire.blob([wire.digest(HOST, key, number) for number in numbers])


def _entry_numbers(entries: list[Entry]) -> str:
    """entries 3, 5 to 9"""
    found: list[list[int]] = []
    for n in sorted(entry.n for entry in entries):
        if found and n <= found[-1][1] + 1:
            found[-1][1] = n
        else:
            found.append([n, n])
    spans = [str(first) if first == last else f"{first} to {last}" for first, last in found]
    return f"{'entry' if len(entries) == 1 else 'entries'} {', '.join(spans)}" if spans else "none"
