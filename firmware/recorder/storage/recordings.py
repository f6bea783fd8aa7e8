"""The recordings that are being made: opens them, keeps room back, and finishes what could not be finished.

Room is kept back for recordings without audio, so that a call leaves a trace when audio has no room left. A recording that
could not be sealed or erased is finished when room comes, without waiting for a restart.
"""

import asyncio

from recorder.loading import unload
from recorder.storage.recording import AUDIO_CAPACITY, Recording
from recorder.storage.spool import SpoolError
from testigo_wire.crypto.sframe import Keystream
from testigo_wire.recording.stream import buffer_size

EVENT_CAPACITY = 1024
# Free bytes. A recording without audio takes some 2 KB, on a flash with blocks of 4 KB one block.
FREE_TO_RECORD = 131072  # audio may begin
FREE_TO_CONTINUE = 98304  # audio goes on: the rest is for some twenty calls without audio, for endings and for erasing
FREE_TO_OPEN = 16384  # a recording without audio may begin: the rest is for seals, numbers, counts and the clock


class Recordings:
    def __init__(self, hal, primitives, identity, documents, keypool, spool, log, firmware):
        self.hal = hal
        self.primitives = primitives
        self.identity = identity
        self.keypool = keypool
        self.spool = spool
        self.unrecorded = spool.unrecorded
        self.log = log
        self.firmware = firmware  # its version
        self.documents = documents
        # A whole frame in one call of AES, or 2 KB at a time on a small heap.
        self.keystream = Keystream(primitives, 128 if hal.heap_small else AUDIO_CAPACITY // 16 + 1)
        self.event_buffer = bytearray(buffer_size(EVENT_CAPACITY))
        # Passed from call to call; the first is made while the heap is in one piece.
        self.audio_buffers = [bytearray(buffer_size(AUDIO_CAPACITY))]
        self.active = []
        self.late_events = 0  # that came after the end of their recording
        self._room = 0  # bytes that audio may take before the free space is looked at again
        self.finishing = self.again = False  # these are of finishing.py
        self.free_then = 0  # free bytes when something could not be finished
        self.tries = self.skip = 0  # that failed in a row; minutes until the next one, if no room comes

    def flush_frames(self, full):
        """Flush the frames of the recording `full`; with those of others where it costs no time: a disk writes them in one go."""
        for recording in self.active:
            if recording is full or recording.flusher and recording.unflushed:
                recording.flush_soon()

    def open_steps(self, policy=None, began=None):
        """-> a new Recording, on flash with its header. Without a policy in force it can hold events only.

        Wrapping its keys takes a chip a good part of a second, so it yields meanwhile: run it by `primitives.steps`.
        began: (Unix time, hal.ms()) of its beginning where that is past, else it is now.
        Raises SpoolError; `why` is "identity", "recipients", "keys", "space", "file" or "memory".
        """
        if not self.identity.provisioned:
            raise SpoolError("identity")
        if not self.spool.repaired:  # the next number is not known: a recording could overwrite another one
            raise SpoolError("file", "the repair at the start failed")
        if not self.documents.recipients():
            raise SpoolError("recipients")
        free = self._free()
        if free is not None and free < FREE_TO_OPEN:
            raise SpoolError("space")
        # The same moment: making keys takes a chip most of a second.
        unix_ms, started = began or (self.hal.unix_ms(), self.hal.ms())
        tail = self.primitives.random(10)
        # UUIDv7 (RFC 9562 section 5.7)
        recording_id = (
            unix_ms.to_bytes(6, "big") + bytes((0x70 | tail[0] & 15, tail[1], 0x80 | tail[2] & 63)) + tail[3:]
        )
        keys = yield from self.keypool.take_steps(recording_id)
        if keys is None:
            raise SpoolError("keys")
        yield
        number = self.spool.next_number  # from here on without a step: no other call gets it
        try:
            made = Recording(self, recording_id, unix_ms, started, keys, policy is not None)
        except (SpoolError, OSError, MemoryError) as exc:
            if self.spool.next_number == number:
                _load_finishing().discard(self, number)
            if isinstance(exc, SpoolError):
                raise
            raise SpoolError("memory") if isinstance(exc, MemoryError) else SpoolError("file", str(exc))
        made.full = free is not None and free < FREE_TO_RECORD
        return made

    def has_room(self, size):
        """Whether `size` more bytes of audio leave what is kept back, and what erasing takes."""
        self._room -= size
        if self._room < 0:
            self._measure_room()
        return self._room >= 0

    def _free(self):
        """LittleFS counts the blocks of a file twice while there is something to be flushed."""
        for made in self.active:
            made.flush_soon()
        return self.spool.free()

    def _measure_room(self):
        free = self._free()
        # Where it is not known the write itself tells.
        self._room = 0 if free is None else free - FREE_TO_CONTINUE - sum([made.erased_size for made in self.active])

    def tick(self):
        """Once a minute: writes what could not be written, and finishes what could not be finished, once there is room."""
        self.spool.keep()
        self.unrecorded.keep()
        if self.active:
            self._measure_room()
        if self.spool.unlisted or self.spool.unfinished:
            asyncio.create_task(self.finish_left(False))

    async def finish_left(self, now=True):
        """Seal and erase what could not be before; without `now` if it is due."""
        finishing = _load_finishing()
        if now or finishing.is_due(self):
            await finishing.run(self)

    async def put_off(self, recording):
        """A closed recording that cannot be sealed or erased as it is."""
        await _load_finishing().put_off(self, recording)


def _load_finishing():
    from recorder.storage import finishing

    unload("recorder.storage.finishing")
    return finishing
