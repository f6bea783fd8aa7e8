"""Finished recordings on flash, until the vault has receipted them (docs/formats/device-files.md).

`00000001.open` is being written, `00000001.tsg` is sealed, `00000001.bad` was set aside since it is not what the device
wrote; `.erase` marks erasing that must be finished. Numbers have no gap: a recording's header is on flash before its number
is taken.
"""

import os

from recorder import files
from recorder.storage.primitives import steps
from recorder.storage.unrecorded import UnrecordedCalls
from testigo_wire.encoding import cbor
from testigo_wire.errors import WireError
from testigo_wire.policy import documents

OPEN = ".open"
SEALED = ".tsg"
BAD = ".bad"
ERASE = ".erase"
STATE = "testigo state"
TAIL = 512  # a seal item is shorter
SEAL_START = b"\x86\x64seal"  # array of six, text of four


class SpoolError(Exception):
    """A recording cannot be made, or is damaged; `why` is one word for programs."""

    def __init__(self, why, text=""):
        super().__init__(why + (": " + text if text else ""))
        self.why = why


class Spool:
    def __init__(self, hal, primitives, identity, log):
        self.hal = hal
        self.primitives = primitives
        self.identity = identity
        self.log = log
        self._state_path = hal.root + "/state.cbor"
        self._reading = None  # (number, file) that read() keeps open
        self.folder = hal.spool_root + "/spool"
        self.next_number = 1
        self.previous = bytes(32)
        self.repaired = False  # recovery has been through all of it
        self.on_sealed = []
        self.unrecorded = UnrecordedCalls(hal, log)
        try:
            files.make_folder(self.folder)
        except OSError:
            pass  # `load` reports it; the console and unrecorded calls do not need it

    def path(self, number, suffix):
        return "%s/%08d%s" % (self.folder, number, suffix)

    def _numbered(self, suffix):
        return [int(name[:8]) for name in files.names(self.folder) if name[8:] == suffix and name[:8].isdigit()]

    def load(self):
        """Read the state file -> the numbers of recordings that were not closed."""
        self.unrecorded.load()
        state = files.read(self._state_path)
        if state is not None:
            try:
                name, version, self.next_number, self.previous = cbor.decode(state)
            except (cbor.CborError, ValueError):
                self.log("state.cbor is damaged; numbers go on from the spool")
        return self._numbered(OPEN)

    def header_digest(self, number, suffix):
        """-> SHA-256 of a recording's header, which the next recording's header names as `previous`."""
        with open(self.path(number, suffix), "rb") as file:
            data = file.read(TAIL)
        return self.primitives.sha256(data[: cbor.decode_prefix(data)[1]])

    def take_number(self, number, header_digest):
        """`number` is on flash with its header: count on."""
        self.previous = header_digest
        self.next_number = number + 1
        files.replace(self._state_path, cbor.encode([STATE, 1, self.next_number, header_digest]))

    def sealed(self, number):
        """The recording is complete: from now on it is offered to the vault."""
        os.rename(self.path(number, OPEN), self.path(number, SEALED))
        files.remove(self.path(number, ERASE))
        self.unrecorded.sealed(number)
        self.announce(number)

    def announce(self, number):
        for callback in self.on_sealed:
            callback(number)

    def numbers(self):
        """-> the numbers of sealed recordings, oldest first."""
        return self._numbered(SEALED)

    def aside(self):
        """-> the numbers of files that were set aside."""
        return self._numbered(BAD)

    def set_aside(self, number, suffix, why):
        self._close_reader()
        os.rename(self.path(number, suffix), self.path(number, BAD))
        self.log("recording %d set aside: %s" % (number, why))

    def describe(self, number):
        """-> (recording_id, size, head) of a sealed recording. A damaged one is set aside; raises SpoolError."""
        path = self.path(number, SEALED)
        size = files.size(path)
        if size < 0:
            raise SpoolError("missing", str(number))
        try:
            with open(path, "rb") as file:
                header = cbor.decode_prefix(file.read(TAIL))[0]
                file.seek(max(0, size - TAIL))
                tail = file.read(TAIL)
            seal = cbor.decode(tail[tail.rfind(SEAL_START) :])
            if header[0] != "testigo" or header[4] != number or seal[0] != "seal":
                raise WireError("another recording's header, or no seal")
        except (WireError, IndexError, TypeError) as exc:
            self.set_aside(number, SEALED, str(exc))
            raise SpoolError("damaged", str(number))
        return header[2], size, seal[2]

    def read(self, number, offset, buffer):
        """Fill the buffer from `offset` of a sealed recording -> how many bytes; fewer at the end."""
        if not self._reading or self._reading[0] != number:
            self._close_reader()
            self._reading = (number, open(self.path(number, SEALED), "rb"))
        file = self._reading[1]
        file.seek(offset)
        return file.readinto(buffer)

    def _close_reader(self):
        if self._reading:
            self._reading[1].close()
            self._reading = None

    async def apply_receipt(self, data):
        """Delete the recording that the operator's receipt names, if all of the receipt is right -> (ok, reason)."""
        reason = await self._check_receipt(data)
        if reason:
            self.log("receipt refused: " + reason)
            return False, reason
        return True, ""

    async def _check_receipt(self, data):
        try:
            document = documents.parse(data)
            device_id, recording_id, number, head, copies, _ = document.body
            if document.kind != "receipt" or document.version != number:
                return "not a receipt"
            if device_id != self.identity.device_id:
                return "for another device"
            if not copies:
                return "names no copy"
            held_id, _, held_head = self.describe(number)
            if held_id != recording_id or held_head != head:
                return "recording %d is another one" % number
            if not await steps(document.verify_steps(self.primitives, self.identity.operator)):
                return "signature is not the operator's"
        except (WireError, SpoolError, ValueError, TypeError) as exc:
            return str(exc)
        self._close_reader()
        files.remove(self.path(number, SEALED))
        return ""
