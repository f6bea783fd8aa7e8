"""One recording: a call's events and audio, sealed and written as they come (docs/formats/recording.md).

A recording that cannot be written (flash full or broken) never stops its call: it is closed with the items that are whole
and the reason. Erasing after a late objection first writes a mark to flash, so that a power cut in the middle cannot bring the
audio back (erasing.py, recovery.py).
"""

import asyncio

from recorder import files
from recorder.loading import unload
from recorder.storage.primitives import steps
from recorder.storage.spool import EIO, ENOSPC, FAULT, FULL, OPEN, SpoolError, write_all
from testigo_wire.crypto import ecdsa
from testigo_wire.recording import items
from testigo_wire.recording.items import AUDIO, INDEX, RecordingError
from testigo_wire.recording.stream import Stream, buffer_size

AUDIO_CAPACITY = 5600  # 250 ms of both legs in G.711, and room for one long packet more
MAX_TEXT = 160  # characters of a name or number that are kept in an event
GONE_SIZE = 40  # what an audio item takes when it is erased
FLUSH_MS = 200
UNFLUSHED_FRAMES = 2  # what a power cut takes at most, with the one that is being filled: less than 500 ms
FAR = 1


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
        self.erased_size = 0  # bytes that a copy without the audio takes
        self.erasing_owed = False  # it could not be done yet
        self.suffix = FAULT  # of the file, if it cannot be sealed
        self._closing = False
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
        self.path = owner.spool.path(self.number, OPEN)
        try:
            self._file = open(self.path, "wb")
        except OSError as exc:
            raise SpoolError("file", str(exc))
        self._chain = items.Chain(owner.primitives)
        self._closed = False  # only the seal may follow
        policy = owner.documents.installed_policy
        recipients = [entry[:2] for entry in policy.recipients]
        signer = items.key_id(owner.primitives, owner.identity.public)
        digest = self._write(
            items.encode_header(
                recording_id,
                owner.identity.device_id,
                self.number,
                owner.spool.previous,
                opened_ms,
                owner.hal.clock,
                (owner.firmware, signer, policy.digest, recipients),
            )
        )
        try:
            self._index = self._open_stream(INDEX, owner.event_buffer)
            self.flush_soon()
            self.flusher = owner.hal.flusher()
            if self.failed:
                raise SpoolError("file", self.failed)
        except (SpoolError, MemoryError):
            self._close_file()
            raise
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
                write_all(self._file, item)
            except OSError as exc:
                self._fail("write", exc)

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
                self._fail("flush", exc)
        self._flushing = False
        self.unflushed = 0
        return True

    async def _flush_to_the_end(self):
        self._flushing = False
        if self._waiting_items is None and not self.failed:
            try:
                await self._owner.hal.flush(self._file, self.flusher)
            except OSError as exc:
                self._fail("flush", exc)

    def _fail(self, what, exc):
        """Nothing more is written; the call goes on."""
        self.failed = "%s: %s" % (what, exc)
        if exc.args and exc.args[0] == ENOSPC:
            self.suffix = FULL
        self._owner.log("recording %d: %s" % (self.number, self.failed))

    def _close_file(self):
        try:
            self._file.close()
        except OSError as exc:
            if not self.failed:
                self._fail("close", exc)

    async def _flush_later(self):
        while self._flushing:
            await asyncio.sleep_ms(FLUSH_MS)
            if self._flushing:
                self.flush_soon()
        self._owner.spool.keep()

    def event(self, name, *values, at=None):
        """Write one event of docs/formats/events.md; its time is now, or `at` ms of the recording. Long texts are cut."""
        if self._closed:
            self._owner.late_events += 1
            self._owner.log("recording %d: %s came after its end" % (self.number, name))
            return
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
        values = tuple([v[:limit] if isinstance(v, str) else v for v in values])
        try:
            item = self._index.seal_event(name, t_ms, values)
            self.erased_size += len(item)
            self._write(item)
        except MemoryError:
            self._fail_for_memory()
            raise

    def _fail_for_memory(self):
        """Counter or chain may be ahead of the file, so nothing may follow what is there. Allocates nothing."""
        self.failed = self.failed or "memory"

    def start_audio(self):
        """-> the Stream whose buffer takes the audio frames, the same one each time.

        Raises SpoolError: "policy", "consent", "recipients", "memory", "space"; "file" when nothing more is stored.
        """
        owner = self._owner
        if not self._audio_allowed:
            raise SpoolError("policy")
        if not self._consented or self.erased:
            raise SpoolError("consent")
        if self._audio:
            return self._audio
        if self.full or self.failed:
            raise SpoolError("file" if self.failed else "space")
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
        try:
            self._write(self._audio.seal(n))
        except MemoryError:
            self._fail_for_memory()
            raise
        self._frames += 1
        self.unflushed += 1
        if self.unflushed >= UNFLUSHED_FRAMES:
            self._owner.flush_frames(self)
        self.erased_size += GONE_SIZE
        if not self._owner.has_room(n + GONE_SIZE):
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
                self._owner.spool.mark_erased(self.number)
            except OSError as exc:
                self._owner.log("recording %d: erasing mark: %s" % (self.number, exc))

    async def erase_audio(self):
        """Erase all audio of the recording. No more is taken from now on. What cannot be erased now is erased after the end."""
        self._mark_erased()
        if self._buffer is None or self._waiting_items is not None or self._erasing_begun:
            await self._not_erasing.wait()
            return
        self._erasing_begun = True
        self.erasing_owed = True
        self._not_erasing.clear()
        try:
            await self._flush_to_the_end()
            if not self.failed:
                await self._rewrite()
        except Exception as exc:  # noqa: BLE001 - whatever it ends by, the audio is erased when the recording is closed
            self._owner.log("recording %d: erasing waits: %s" % (self.number, str(exc) or type(exc).__name__))
        finally:
            self._not_erasing.set()

    async def _rewrite(self):
        """Replace the file by a copy without the audio. The items of that time follow it, in the copy or in the file."""
        from recorder.storage import erasing

        unload("recorder.storage.erasing", "testigo_wire.recording.rewrite", "testigo_wire.recording.item_parser")
        self._waiting_items = []
        self._close_file()
        erased_count = None
        try:
            erased_count = await erasing.rewrite(self._owner, self.path, self._buffer, self._waiting_items)
        finally:
            waiting = [] if erased_count is not None else self._waiting_items
            self._waiting_items = None
            try:
                if files.size(self.path) < 0:  # on FAT, after a fault between two steps of the rename
                    raise OSError(EIO)
                self._file = open(self.path, "ab")
            except OSError as exc:
                self._fail("open", exc)
            for item in waiting:
                self._store(item)
        self.erasing_owed = False
        self.event("erased", erased_count)
        self.flush_soon()

    async def close(self, reason):
        """Sign the recording in steps and move it to the spool. A storage error is logged and told, not raised."""
        owner = self._owner
        if self._closing:
            return
        self._closing = True
        self._audio = None
        await self._not_erasing.wait()
        closed_ms = self.opened_ms + self.elapsed_ms()
        self.flush_soon()
        self._closed = True
        chain = self._chain
        digest = items.seal_digest(owner.primitives, self.recording_id, chain.items, chain.head, closed_ms, reason)
        try:
            signature = await steps(ecdsa.sign_steps(owner.primitives, owner.identity.private, digest))
            self._store(items.encode_seal(chain.items, chain.head, closed_ms, reason, signature))
        except MemoryError as exc:
            self._fail("seal", exc)
        await self._flush_to_the_end()
        self._close_file()
        if self._buffer:
            owner.audio_buffers.append(self._buffer)
            self._buffer = None
        owner.active.remove(self)
        if not self.failed and not self.erasing_owed:
            try:
                owner.spool.sealed(self.number)
                return
            except OSError as exc:
                self._fail("rename", exc)
        await owner.put_off(self)
