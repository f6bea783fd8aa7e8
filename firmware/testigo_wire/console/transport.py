"""Two reliable byte streams over a serial line that may lose, repeat or change bytes.

Specification: docs/formats/serial.md. Frames are COBS with CRC-32 between zero bytes. Two channels, each a stream in both
directions with its own credit, so that a reader that waits does not hold up the other channel. A frame is resent as soon as the
peer names one that was sent after it (a line keeps the order), else after a time limit. The CRC begins with the
epochs of both ends: what was sent before a restart fails it.

The caller passes what the port gave to `receive`, writes what `data_to_send` returns until that is empty, and calls
again at `deadline()`. `session` counts the sessions opened: when it changes, all streams are new.
"""

from binascii import crc32
from struct import pack, unpack

from testigo_wire.compat import const
from testigo_wire.encoding import cobs

VERSION = const(1)
CHANNELS = const(2)
CONTROL = const(0)
TLS = const(1)

CLOSED = const(0)  # no peer is known
HALF = const(1)  # the peer is known, but may not know us
OPEN = const(2)

MAX_WIRE = const(512)  # a frame with its delimiter
MAX_PAYLOAD = const(496)
MIN_PAYLOAD = const(64)

_HELLO = const(1)
_ACK = const(2)
_PING = const(3)
_DATA = const(0x10)  # + channel
_END = const(0x18)  # + channel: the peer ends its stream; takes one byte of it
_OVERHEAD = const(13)  # of a frame around its payload: kind, number, offset, CRC, COBS, delimiter

_FRAMES = const(30)  # in flight at most: what the bitmap of an acknowledgement holds
_BITS = const(0x3FFFFFFF)
_HELLO_MS = const(300)
_HELLO_TRIES = const(5)
_FIRST_RESEND_MS = const(1000)
_MIN_RESEND_MS = const(30)
_MAX_RESEND_MS = const(3000)
_GIVE_UP_MS = const(15000)

_HELLO_SEED = crc32(b"testigo serial")


class Endpoint:
    """One end of a line.

    epoch: 1 to 2**32 - 1, another one after each start; active: sends hello until answered (the host), else mostly waits;
    receive_buffer: bytes kept for a slow reader, on each channel, 2 * MAX_PAYLOAD or more; burst: bytes the port can
    hold until it is read; send_buffer: bytes accepted but not yet acknowledged, on each channel.
    Read-only: state, session, peer_version (of a peer that speaks another one, else 0), sent, resent, received, bad.
    """

    def __init__(self, epoch, active=False, receive_buffer=2048, burst=4096, send_buffer=4096):
        self.state = CLOSED
        self.session = self.peer_version = 0
        self.sent = self.resent = self.received = self.bad = 0
        self.send_buffer = send_buffer
        self._epoch = epoch
        self._active = active
        self._receive_buffer = receive_buffer
        self._own_burst = burst
        self._part = b""
        self._skip = False
        self._hello_at = 0
        self._tries = _HELLO_TRIES
        self._reset(0)

    def _reset(self, peer):
        self._peer = peer
        self.state = HALF if peer else CLOSED
        # sending
        self._queue = [[] for _ in range(CHANNELS)]
        self._lost = []
        self._flight = []
        self._in_flight = 0
        self._held = [0] * CHANNELS
        self._offset = [0] * CHANNELS
        self._limit = [0] * CHANNELS
        self._number = 0
        self._payload = MAX_PAYLOAD
        self._round_trip = self._variation = 0
        self._resend_ms = _FIRST_RESEND_MS
        self._resend_at = self._silent_since = None
        # receiving
        self._next = [0] * CHANNELS
        self._granted = [self._receive_buffer] * CHANNELS
        self._early = [{} for _ in range(CHANNELS)]
        self._ready = [[] for _ in range(CHANNELS)]
        self._last = 255
        self._seen = 0
        self._ack_due = False

    # -- streams

    def send(self, channel, data):
        """Take as much of `data` as there is room for; returns the count of bytes taken."""
        if self.state != OPEN:
            return 0
        taken = 0
        while taken < len(data):
            count = min(len(data) - taken, MAX_PAYLOAD, self.send_buffer - self._held[channel])
            if count <= 0:
                break
            self._put(_DATA, channel, bytes(data[taken : taken + count]))
            taken += count
        return taken

    def send_end(self, channel):
        """Tell the peer that the stream ends here; what is sent afterwards belongs to a new one."""
        if self.state == OPEN:
            self._put(_END, channel, b"\0")

    def _put(self, kind, channel, payload):
        self._queue[channel].append([kind | channel, self._offset[channel], payload, 0, 0])
        self._offset[channel] = (self._offset[channel] + len(payload)) & 0xFFFF
        self._held[channel] += len(payload)

    def unsent(self, channel):
        """Bytes that the peer has not acknowledged."""
        return self._held[channel]

    def read(self, channel, n=MAX_WIRE):
        """The next bytes, `n` at most; None when there are none now; empty where the peer ended the stream."""
        ready = self._ready[channel]
        if not ready:
            return None
        data = ready[0]
        if len(data) > n:
            ready[0] = data[n:]
            data = data[:n]
        else:
            ready.pop(0)
        waiting = sum(len(piece) or 1 for piece in ready)
        limit = (self._next[channel] + self._receive_buffer - waiting) & 0xFFFF
        if (limit - self._granted[channel]) & 0xFFFF >= self._receive_buffer >> 1:
            self._granted[channel] = limit
            self._ack_due = True
        return data

    # -- the line

    def receive(self, data, now):
        """data: bytes that the port gave, cut anywhere."""
        start = 0
        while True:
            end = data.find(b"\0", start)
            if end < 0:
                break
            if not self._skip and 0 < len(self._part) + end - start < MAX_WIRE:
                self._frame(self._part + data[start:end], now)
            self._part = b""
            self._skip = False
            start = end + 1
        if len(self._part) + len(data) - start > MAX_WIRE:
            # A boot banner, or a delimiter was lost: nothing of it can be a frame.
            self._part = b""
            self._skip = True
        elif not self._skip:
            self._part += data[start:]

    def data_to_send(self, now):
        """The next frame for the line, empty when there is nothing to send at this time."""
        if self._hello_at is not None and now >= self._hello_at:
            return self._hello_frame(now)
        if self.state != OPEN:
            return b""
        if self._ack_due:
            self._ack_due = False
            return self._wire(pack(">BBIHH", _ACK, self._last, self._seen, self._granted[0], self._granted[1]))
        if self._resend_at is not None and now >= self._resend_at:
            if now - self._silent_since > _GIVE_UP_MS:
                self._epoch = (self._epoch & 0x3FFFFFFF) + 1
                self._tries = _HELLO_TRIES
                self._reset(0)
                return self._hello_frame(now)
            self._resend_ms = min(self._resend_ms * 2, _MAX_RESEND_MS)
            self._resend_at = now + self._resend_ms
            if not self._flight:
                return self._wire(pack(">BB", _PING, 0))
            # Only the oldest: the answer shows which of the others arrived.
            self._lose(self._flight.pop(0))
        chunk = self._next_chunk()
        if not chunk:
            if self._resend_at is None and (self._queue[0] or self._queue[1]):
                self._silent_since = now
                self._resend_at = now + self._resend_ms
            return b""
        chunk[3] = self._number
        chunk[4] = now
        self._number = (self._number + 1) & 0xFF
        if not self._flight:
            if self._resend_at is None:
                self._silent_since = now
            self._resend_at = now + self._resend_ms
        self._flight.append(chunk)
        self._in_flight += len(chunk[2]) + _OVERHEAD
        self.sent += 1
        return self._wire(pack(">BBH", chunk[0], chunk[3], chunk[1]), chunk[2])

    def deadline(self):
        """When `data_to_send` is due though nothing arrived, or None."""
        if self.state == OPEN and self._hello_at is None:
            return self._resend_at
        return self._hello_at

    def _next_chunk(self):
        if len(self._flight) >= _FRAMES:
            return None
        if self._lost:
            return self._take(self._lost)
        for channel in range(CHANNELS):
            queue = self._queue[channel]
            if queue and (self._limit[channel] - queue[0][1] - min(len(queue[0][2]), self._payload)) & 0xFFFF < 0x8000:
                return self._take(queue)
        return None

    def _take(self, queue):
        chunk = queue[0]
        count = min(len(chunk[2]), self._payload)
        if self._flight and count + _OVERHEAD > self._burst - self._in_flight:
            return None
        if count < len(chunk[2]):
            # On a bad line frames are shorter than this chunk was cut.
            queue[0] = [chunk[0], (chunk[1] + count) & 0xFFFF, chunk[2][count:], 0, 0]
            chunk[2] = chunk[2][:count]
        else:
            queue.pop(0)
        return chunk

    def _lose(self, chunk):
        self._in_flight -= len(chunk[2]) + _OVERHEAD
        self._lost.append(chunk)
        self.resent += 1
        self._payload = max(MIN_PAYLOAD, self._payload * 3 >> 2)

    def _wire(self, head, payload=b""):
        crc = crc32(payload, crc32(head, self._send_seed))
        return cobs.encode(b"".join((head, payload, pack(">I", crc))), b"\0")

    def _hello_frame(self, now):
        self._tries -= 1
        if self.state == OPEN or (self._tries <= 0 and not self._active):
            self._hello_at = None
        else:
            self._hello_at = now + _HELLO_MS
        body = pack(
            ">BBBIIHH",
            _HELLO,
            VERSION,
            self.state == OPEN,
            self._epoch,
            self._peer,
            self._own_burst,
            self._receive_buffer,
        )
        # The first zero ends what is on the line before it.
        return b"\0" + cobs.encode(body + pack(">I", crc32(body, _HELLO_SEED)), b"\0")

    def _frame(self, frame, now):
        try:
            body = cobs.decode(frame)
        except cobs.CobsError:
            body = b""
        crc = body[-4:]
        size = len(body) - 4
        kind = body[0] if size > 1 else 0
        checked = memoryview(body)[: max(0, size)]
        if kind == _HELLO and crc == pack(">I", crc32(checked, _HELLO_SEED)):
            self._hello(body[:size], now)
        elif kind and self.state != CLOSED and crc == pack(">I", crc32(checked, self._receive_seed)):
            if self.state == HALF:
                self._open()  # this CRC depends on both epochs
            self._silent_since = now
            if kind == _ACK and size == 10:
                self._acknowledged(unpack(">BBIHH", checked), now)
            elif kind == _PING:
                self._ack_due = True
            elif kind & 7 < CHANNELS and kind & 0xF0 == _DATA and size > 4:
                self._data(kind, unpack(">BBH", checked[:4]), body[4:size])
        else:
            self.bad += 1
            if kind and self.state != OPEN and self._hello_at is None:
                # The peer may be in a session from before our start.
                self._tries = 1
                self._hello_at = now + _HELLO_MS

    def _hello(self, body, now):
        if body[1] != VERSION or len(body) != 15:
            self.peer_version = body[1]
            if not self._active and self.state != OPEN:
                self._hello_at = now  # tells ours
            return
        _, _, knows, theirs, ours, burst, credit = unpack(">BBBIIHH", body)
        if theirs == self._epoch or not theirs or credit < 2 * MAX_PAYLOAD or burst < MIN_PAYLOAD + _OVERHEAD:
            return  # an echo, or nonsense
        if theirs != self._peer:
            self._reset(theirs)
            self._tries = _HELLO_TRIES
            self._burst = burst
            # Two frames fit a small port buffer, so that one is on the line while the other is worked on.
            self._payload = self._largest = max(MIN_PAYLOAD, min(MAX_PAYLOAD, (burst >> 1) - _OVERHEAD))
            self._limit = [credit] * CHANNELS
            self._send_seed = crc32(pack(">II", self._epoch, theirs))
            self._receive_seed = crc32(pack(">II", theirs, self._epoch))
        if ours == self._epoch and self.state != OPEN:
            self._open()
        if not knows or ours != self._epoch:
            self._hello_at = now

    def _open(self):
        self.state = OPEN
        self.session += 1
        self._hello_at = None
        self.peer_version = 0

    def _acknowledged(self, fields, now):
        _, last, seen, *limits = fields
        for channel in range(CHANNELS):
            if (limits[channel] - self._limit[channel]) & 0xFFFF < 0x8000:
                self._limit[channel] = limits[channel]
        flight = []
        for chunk in self._flight:
            age = (last - chunk[3]) & 0xFF
            if age >= 0x80:
                flight.append(chunk)  # sent after the one named
            elif not age or (age <= _FRAMES and seen >> (age - 1) & 1):
                if not age:
                    self._measure(now - chunk[4])
                self._in_flight -= len(chunk[2]) + _OVERHEAD
                self._held[chunk[0] & 7] -= len(chunk[2])
                self._payload = min(self._largest, self._payload + 6)
            else:
                self._lose(chunk)
        self._flight = flight
        self._resend_at = flight[0][4] + self._resend_ms if flight else None

    def _measure(self, round_trip):
        if self._round_trip:
            self._variation += (abs(round_trip - self._round_trip) - self._variation) >> 2
            self._round_trip += (round_trip - self._round_trip) >> 3
        else:
            self._round_trip = round_trip
            self._variation = round_trip >> 1
        self._resend_ms = min(_MAX_RESEND_MS, self._round_trip + 4 * self._variation + _MIN_RESEND_MS)

    def _data(self, kind, head, payload):
        _, number, offset = head
        channel = kind & 7
        ahead = (offset - self._next[channel]) & 0xFFFF
        if ahead < 0x8000:
            if ahead + len(payload) > (self._granted[channel] - self._next[channel]) & 0xFFFF:
                return  # beyond its credit: as if it had not arrived
            early = self._early[channel]
            if ahead and len(early) > self._receive_buffer >> 5:
                return  # only a peer that sends tiny frames gets here
            early[offset] = b"" if kind & _END == _END else payload
            while self._next[channel] in early:
                payload = early.pop(self._next[channel])
                self._ready[channel].append(payload)
                self._next[channel] = (self._next[channel] + (len(payload) or 1)) & 0xFFFF
            for offset in list(early):
                # A piece of a frame that arrived whole after all.
                if (offset - self._next[channel]) & 0xFFFF >= 0x8000:
                    del early[offset]
        age = (self._last - number) & 0xFF
        if age >= 0x80:
            ahead = 0x100 - age
            self._seen = ((self._seen << 1 | 1) << (ahead - 1)) & _BITS if ahead <= _FRAMES else 0
            self._last = number
        elif 0 < age <= _FRAMES:
            self._seen |= 1 << (age - 1)
        self.received += 1
        self._ack_due = True
