"""Recordings being made: each call's events and audio, sealed and written as they come (docs/formats/recording.md).

A recording that cannot be written (flash full or broken) never stops its call: it is closed with the items that are whole
and the reason. Erasing after a late objection first writes a mark to flash, so that a power cut in the middle cannot bring
the audio back (recovery.py).
"""

import asyncio
import os

from recorder import files
from recorder.storage.primitives import steps
from recorder.storage.spool import ERASE, OPEN, SpoolError
from testigo_wire.crypto import ecdsa
from testigo_wire.crypto.sframe import Keystream
from testigo_wire.recording import items
from testigo_wire.recording.items import AUDIO, INDEX, RecordingError
from testigo_wire.recording.stream import Stream, buffer_size

AUDIO_CAPACITY = 5600  # 250 ms of both legs in G.711, and room for one long packet more
EVENT_CAPACITY = 1024
MAX_TEXT = 160  # characters of a name or number that are kept in an event
FREE_TO_OPEN = 98304
FREE_TO_CONTINUE = 32768  # for the end of all calls and for erasing
FRAMES_PER_CHECK = 64
FLUSH_MS = 200
FLUSH_STEP_MS = 5
UNFLUSHED_FRAMES = 2  # what a power cut takes at most, with the one that is being filled: less than 500 ms
FAR = 1


class Recordings:
    def __init__(self, hal, primitives, identity, documents, keypool, spool, log):
        self.hal = hal
        self.primitives = primitives
        self.identity = identity
        self.keypool = keypool
        self.spool = spool
        self.unrecorded = spool.unrecorded
        self.log = log
        self.documents = documents
        # A whole frame in one call of AES, or 2 KB at a time on a small heap.
        self.keystream = Keystream(primitives, 128 if hal.heap_small else AUDIO_CAPACITY // 16 + 1)
        self.event_buffer = bytearray(buffer_size(EVENT_CAPACITY))
        # Passed from call to call; the first is made while the heap is in one piece.
        self.audio_buffers = [bytearray(buffer_size(AUDIO_CAPACITY))]
        self.active = []

    def flush_frames(self, full):
        """Flush the frames of the recording `full`; with those of others where it costs no time: a disk writes them in one go."""
        for recording in self.active:
            if recording is full or recording.flusher and recording.unflushed:
                recording.flush_soon()

    def open(self, policy=None, began=None):
        """-> a new Recording, on flash with its header. Without a policy in force it can hold events only.

        began: (Unix time, hal.ms()) of its beginning where that is past, else it is now.
        Raises SpoolError; `why` is "identity", "recipients", "keys", "space", "file" or "memory".
        """
        if not self.identity.provisioned:
            raise SpoolError("identity")
        if not self.spool.repaired:  # the next number is not known: a recording could overwrite another one
            raise SpoolError("file", "the repair at the start failed")
        if not self.documents.recipients():
            raise SpoolError("recipients")
        if self.hal.free_bytes() < FREE_TO_OPEN:
            raise SpoolError("space")
        # The same moment: making keys takes a chip most of a second.
        unix_ms, started = began or (self.hal.unix_ms(), self.hal.ms())
        tail = self.primitives.random(10)
        # UUIDv7 (RFC 9562 section 5.7)
        recording_id = (
            unix_ms.to_bytes(6, "big") + bytes((0x70 | tail[0] & 15, tail[1], 0x80 | tail[2] & 63)) + tail[3:]
        )
        keys = self.keypool.take(recording_id)
        if keys is None:
            raise SpoolError("keys")
        number = self.spool.next_number
        try:
            return Recording(self, recording_id, unix_ms, started, keys, policy is not None)
        except MemoryError:
            if self.spool.next_number == number:
                files.remove(self.spool.path(number, OPEN))
            raise SpoolError("memory")


class Recording:
    def __init__(self, owner, recording_id, opened_ms, started, keys, audio_allowed):
        """opened_ms: Unix time; started: hal.ms() at that moment; keys: of KeyPool.take."""
        self._owner = owner
        self.recording_id = recording_id
        self.number = owner.spool.next_number
        self.opened_ms = opened_ms
        self.failed = ""  # why nothing more is written
        self.full = False  # no more audio is stored: there is no space
        self.erased = False
        self._started = started
        self._audio_allowed = audio_allowed
        self._consented = False
        self._keys = keys
        self._audio = self._buffer = None
        self._waiting_items = None  # a list while the file is rewritten
        self._not_erasing = asyncio.Event()
        self._not_erasing.set()
        self._erasing_begun = False
        self._frames = 0
        self.unflushed = 0  # frames that were written since the last flush began
        self._flushing = False
        self.flusher = None
        self._path = owner.spool.path(self.number, OPEN)
        try:
            self._file = open(self._path, "wb")
        except OSError as exc:
            raise SpoolError("file", str(exc))
        self._chain = items.Chain(owner.primitives)
        self._closed = False  # only the seal may follow
        digest = self._write(
            items.encode_header(
                recording_id, owner.identity.device_id, self.number, owner.spool.previous, opened_ms, owner.hal.clock
            )
        )
        self._index = self._open_stream(INDEX, owner.event_buffer)
        self.flush_soon()
        self.flusher = owner.hal.flusher()
        if self.failed:
            self._file.close()
            files.remove(self._path)
            raise SpoolError("file", self.failed)
        owner.spool.take_number(self.number, digest)
        owner.active.append(self)

    @property
    def holds_audio(self):
        """Whether audio was recorded, erased or not."""
        return self._buffer is not None

    def elapsed_ms(self):
        """-> milliseconds since opened_ms: the time of events and of audio."""
        return self._owner.hal.ms() - self._started

    def _open_stream(self, stream, buffer):
        for number, base_key, wrapped in self._keys:
            if number == stream:
                self._write(items.encode_keys(stream, wrapped))
                owner = self._owner
                return Stream(owner.primitives, stream, base_key, self.recording_id, owner.keystream, buffer)
        raise SpoolError("recipients")

    def _write(self, item):
        """Chains an item and stores it -> its digest."""
        digest = self._chain.add(item)
        self._store(item)
        return digest

    def _store(self, item):
        """After an error nothing more is written: the file must end in a whole item or a torn one."""
        if self._waiting_items is not None:
            self._waiting_items.append(bytes(item))
        elif not self.failed:
            try:
                if self._file.write(item) != len(item):
                    self._fail("written short")
            except OSError as exc:
                self._fail("write: " + str(exc))

    def flush_soon(self):
        """Flush what was written; beside the event loop where the port can -> False: the last flush still runs.

        A flush that fails fails the recording, when the next one is to begin or the recording is closed.
        """
        if self._waiting_items is None and not self.failed:
            try:
                if self.flusher is None:
                    self._file.flush()
                elif not self.flusher.flush(self._file):
                    return False
            except OSError as exc:
                self._fail("flush: " + str(exc))
        self._flushing = False
        self.unflushed = 0
        return True

    async def _flush_to_the_end(self):
        self._flushing = False
        if self._waiting_items is None and not self.failed:
            try:
                await self._owner.hal.flush(self._file, self.flusher)
            except OSError as exc:
                self._fail("flush: " + str(exc))

    def _fail(self, why):
        self.failed = why
        self._owner.log("recording %d: %s" % (self.number, why))

    async def _flush_later(self):
        while self._flushing:
            await asyncio.sleep_ms(FLUSH_MS)
            if self._flushing:
                self.flush_soon()

    def event(self, name, *values, at=None):
        """Write one event of docs/formats/events.md; its time is now, or `at` ms of the recording. Long texts are cut."""
        if name == "objection":
            self._mark_erased()
        t_ms = self.elapsed_ms() if at is None else at
        try:
            self._event(MAX_TEXT, name, t_ms, values)
        except RecordingError:
            self._event(MAX_TEXT // 4, name, t_ms, values)
        if name == "consent":
            self._consented = values[1]
        elif name == "stopped" or (name == "joined" and values[0] == FAR):
            self._consented = False  # what follows needs consent again
        # At once. What depends on a consent follows it in the same file, so it is never there without it.
        if name in ("consent", "objection") and self.flush_soon():
            return
        if not self._flushing:
            self._flushing = True
            asyncio.create_task(self._flush_later())

    def _event(self, limit, name, t_ms, values):
        if self._closed:
            raise RecordingError("recording is closed")
        values = tuple([v[:limit] if isinstance(v, str) else v for v in values])
        self._write(self._index.seal_event(name, t_ms, values))

    def start_audio(self):
        """-> the Stream whose buffer takes the audio frames, the same one each time.

        Raises SpoolError: "policy", "consent", "recipients", "memory"; "file" when nothing more is stored.
        """
        owner = self._owner
        if not self._audio_allowed:
            raise SpoolError("policy")
        if not self._consented or self.erased:
            raise SpoolError("consent")
        if self._audio:
            return self._audio
        if self.full or self.failed:
            raise SpoolError("file")
        try:
            self._buffer = owner.audio_buffers.pop() if owner.audio_buffers else bytearray(buffer_size(AUDIO_CAPACITY))
        except MemoryError:
            raise SpoolError("memory")
        self._audio = self._open_stream(AUDIO, self._buffer)
        self._keys = None
        return self._audio

    def write_audio(self, n):
        """Seal and write the first n bytes of the audio buffer -> False when they are not stored, and no more will be."""
        if self._audio is None or self.failed:
            return False
        self._write(self._audio.seal(n))
        self._frames += 1
        self.unflushed += 1
        if self.unflushed >= UNFLUSHED_FRAMES:
            self._owner.flush_frames(self)
        if self._frames % FRAMES_PER_CHECK == 0 and self._owner.hal.free_bytes() < FREE_TO_CONTINUE:
            self._audio = None
            self.full = True
            self.event("unrecorded", "storage full")
            self._owner.log("recording %d: storage full" % self.number)
            return False
        return not self.failed

    def _mark_erased(self):
        """Take no more audio, and mark on flash that what is there is to be erased."""
        self.erased = True
        self._audio = None
        if self._buffer:
            try:
                files.replace(self._owner.spool.path(self.number, ERASE), b"")
            except OSError as exc:
                self._owner.log("recording %d: erasing mark: %s" % (self.number, exc))

    async def erase_audio(self):
        """Erase all audio of the recording. No more is taken from now on, also when rewriting the file fails."""
        self._mark_erased()
        if self._buffer is None or self._waiting_items is not None or self._erasing_begun:
            await self._not_erasing.wait()
            return
        self._erasing_begun = True
        self._not_erasing.clear()
        try:
            await self._flush_to_the_end()
            if self.failed:
                return  # recovery erases it when the recording is closed
            self._waiting_items = []
            erased_count = await self._rewrite()
            self._waiting_items = None
            self.event("erased", erased_count)
            self.flush_soon()
        except (OSError, MemoryError) as exc:
            self._waiting_items = None
            self._fail("erasing: " + str(exc))
        finally:
            self._not_erasing.set()

    async def _rewrite(self):
        from testigo_wire.recording import rewrite  # loaded for an objection

        owner = self._owner
        self._file.close()
        part = self._path + files.PART
        with open(self._path, "rb") as source, open(part, "wb") as target:
            erased_count = await steps(
                rewrite.erase_steps(owner.primitives, source.readinto, target.write, self._buffer)
            )
            await owner.hal.flush(target)  # all of it; what comes meanwhile is little
            for item in self._waiting_items:
                target.write(item)
            target.flush()
        os.rename(part, self._path)
        self._file = open(self._path, "ab")
        return erased_count

    async def close(self, reason):
        """Sign the recording in steps and move it to the spool. A storage error is logged, not raised."""
        owner = self._owner
        if self not in owner.active:
            return
        self._audio = None
        await self._not_erasing.wait()
        if self not in owner.active:
            return
        owner.active.remove(self)
        closed_ms = self.opened_ms + self.elapsed_ms()
        self.flush_soon()
        self._closed = True
        chain = self._chain
        digest = items.seal_digest(owner.primitives, self.recording_id, chain.items, chain.head, closed_ms, reason)
        signature = await steps(ecdsa.sign_steps(owner.primitives, owner.identity.private, digest))
        self._store(items.encode_seal(chain.items, chain.head, closed_ms, reason, signature))
        await self._flush_to_the_end()
        try:
            self._file.close()
            if self.failed:
                from recorder.storage import recovery

                owner.unrecorded.sealed(self.number, False)
                await recovery.finish(owner.spool, self.number, "failed")
            else:
                owner.spool.sealed(self.number)
        except (OSError, MemoryError) as exc:
            owner.log("recording %d stays open until the next start: %s" % (self.number, exc))
        if self._buffer:
            owner.audio_buffers.append(self._buffer)
            self._buffer = None
