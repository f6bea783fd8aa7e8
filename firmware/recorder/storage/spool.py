"""Finished recordings on flash, until the vault has receipted them (docs/formats/device-files.md).

`00000001.open` is being written, `00000001.tsg` is sealed, `00000001.bad` was set aside since it is not what the device
wrote; `.full` and `.fault` could not be sealed yet, for want of room or after a fault of the storage; `.erase` marks erasing
that must be finished. Numbers have no gap: a recording's header is on flash before its number is taken.
"""

import os

from recorder import files
from recorder.loading import unload
from recorder.storage.unrecorded import UnrecordedCalls
from testigo_wire.encoding import cbor

OPEN = ".open"
FULL = ".full"
FAULT = ".fault"
SEALED = ".tsg"
BAD = ".bad"
ERASE = ".erase"
STATE = "testigo state"
ENOSPC = 28
EIO = 5
TAIL = 512  # a header is shorter


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
        self.state_path = hal.root + "/state.cbor"
        self._state_written = True
        self._reading = None  # (number, file) that read() keeps open
        self._unreadable = []  # numbers that are not offered again before the next start
        self.folder = hal.spool_root + "/spool"
        self.next_number = 1
        self.previous = bytes(32)
        self.repaired = False  # recovery has been through all of it
        self.needs_only_room = False  # all that is unfinished waits for free space, and for nothing else
        self.unfinished = []  # recordings that are no longer made and have to be sealed or erased, once there is room
        self.unlisted = False  # the folder could not be read, so that there may be more of them
        self.told = set()  # numbers of which the log says already that they are not finished
        self.ended = {}  # number: FULL or FAULT, where the file could not be renamed to that
        self.objected = set()  # numbers whose audio is to be erased, also where that could not be marked on flash
        self.on_sealed = []
        self.unrecorded = UnrecordedCalls(hal, log)
        try:
            files.make_folder(self.folder)
        except OSError:
            pass  # the repair reports it; the console and unrecorded calls do not need it

    def path(self, number, suffix):
        return "%s/%08d%s" % (self.folder, number, suffix)

    def numbered(self, suffix):
        """-> the numbers of the files with that suffix, oldest first."""
        return [int(name[:8]) for name in files.names(self.folder) if name[8:] == suffix and name[:8].isdigit()]

    def free(self):
        """-> free bytes, or None where the file system does not say."""
        try:
            return self.hal.free_bytes()
        except OSError as exc:
            self.log("free space is not known: %s" % exc)
            return None

    def take_number(self, number, header_digest):
        """`number` is on flash with its header: count on. Call `keep` soon: until then only the newest recording says it."""
        self.previous = header_digest
        self.next_number = number + 1
        self._state_written = False

    def keep(self):
        """Write the state file if it is older than the last number taken -> whether it is written."""
        if not self._state_written:
            try:
                files.replace(self.state_path, cbor.encode([STATE, 1, self.next_number, self.previous]))
                self._state_written = True
            except OSError as exc:
                self.log("state.cbor: %s" % exc)
        return self._state_written

    def sealed(self, number, suffix=OPEN):
        """The recording is complete: from now on it is offered to the vault. Raises OSError."""
        os.rename(self.path(number, suffix), self.path(number, SEALED))
        try:
            files.remove(self.path(number, ERASE))
        except OSError as exc:
            self.log("recording %d: erasing mark: %s" % (number, exc))
            self.unfinished.append(number)  # the mark is removed later
        self.unrecorded.sealed(number)
        self.announce(number)

    def mark_erased(self, number):
        """Write the mark: the audio of this recording is to be erased. Raises OSError.

        Its name is all that it holds, so it is made in one step. On FAT a rename over an older mark could lose both.
        """
        open(self.path(number, ERASE), "ab").close()

    def announce(self, number):
        self.ended.pop(number, None)
        self.told.discard(number)
        for callback in self.on_sealed:
            callback(number)

    def numbers(self):
        """-> the numbers of sealed recordings that can be read, oldest first."""
        return [number for number in self.numbered(SEALED) if number not in self._unreadable]

    def aside(self):
        """-> the numbers of files that were set aside."""
        return self.numbered(BAD)

    def set_aside(self, number, suffix, why):
        self.close_reader()
        os.rename(self.path(number, suffix), self.path(number, BAD))
        self.log("recording %d set aside: %s" % (number, why))

    def describe(self, number):
        """-> (recording_id, size, head) of a sealed recording. A damaged one is set aside; raises SpoolError."""
        return _offers().describe(self, number)

    def read(self, number, offset, buffer):
        """Fill the buffer from `offset` of a sealed recording -> how many bytes; fewer at the end. Raises SpoolError."""
        try:
            if not self._reading or self._reading[0] != number:
                self.close_reader()
                self._reading = (number, open(self.path(number, SEALED), "rb"))
            file = self._reading[1]
            file.seek(offset)
            return file.readinto(buffer)
        except OSError as exc:
            raise self.unread(number, exc)

    def unread(self, number, exc):
        """A file that cannot be read does not keep back the recordings after it."""
        self._unreadable.append(number)
        self.log("recording %d cannot be read: %s" % (number, exc))
        return SpoolError("unreadable", str(number))

    def close_reader(self):
        if self._reading:
            self._reading[1].close()
            self._reading = None

    async def apply_receipt(self, data):
        """Delete the recording that the operator's receipt names, if all of the receipt is right -> (ok, reason)."""
        return await _offers().apply_receipt(self, data)

    def remove(self, number):
        """A sealed recording is in the vault. Raises OSError."""
        self.close_reader()
        files.remove(self.path(number, SEALED))


def write_all(file, data):
    """Raises OSError where the file takes less than all."""
    if file.write(data) != len(data):
        raise OSError(ENOSPC)


def _offers():
    from recorder.storage import offers

    unload("recorder.storage.offers")
    return offers
