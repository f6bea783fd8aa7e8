"""One direction of a bridged call: RTP in from one leg, RTP out to the other (RFC 3550).

The stream that goes out has one SSRC, and its sequence numbers and timestamps run on
through notice and bridge.  Usual packets take the short way through `media.relay`;
the rest (the first packet, a new source, telephone events of RFC 4733, several
datagrams at once) is sorted out in `_odd`.
"""

import struct

from recorder.media import fast_path
from recorder.udp_poll import revive

RX_SIZE = 2064  # twelve packets of 20 ms: what may wait while a frame is written
DRAIN = 400  # buffers: more than a socket holds
DIGITS = "0123456789*#ABCD"


class Flow:
    def __init__(self, leg, tap, ssrc, on_key):
        """leg: 0 near, 1 far, where packets come from. ssrc: 4 bytes, of the stream that goes out.

        on_key(leg, digit): a telephone event began.
        """
        self.leg = leg
        self.state = fast_path.new_flow()
        self.state[fast_path.LEG] = leg
        self.state[fast_path.SEQ_OUT] = ssrc[0]
        self.state[fast_path.TS_OUT] = ssrc[1] << 8
        self.state[fast_path.MARK] = 1
        self._put_ssrc(fast_path.SSRC_OUT, ssrc)
        self._tap = tap
        self._on_key = on_key
        self._event_type = -1
        self._event_in = self._event_out = -1
        self._event_time = None
        self._rx = bytearray(RX_SIZE)
        self._passed_over = 0
        self._source = None
        self._beep = None
        self.sink = None
        self.restarts = 0
        self.dropped = 0

    def _put_ssrc(self, word, ssrc):
        # as bytes in network order; the word order of every port that runs this is little-endian
        self.state[word] = struct.unpack("<I", ssrc)[0]

    def take_from(self, sock, payload_type, event_type):
        """The leg's socket and the payload types that its SDP agreed; event_type None without events."""
        self._source = sock
        self.state[fast_path.PAYLOAD_TYPE] = payload_type
        self._event_in = -1 if event_type is None else event_type

    def drain(self):
        """Drops what waits at the source."""
        for _ in range(DRAIN):
            try:
                if self._source.readinto(self._rx) is None:
                    return
            except OSError:
                pass

    def give_to(self, sock, event_type):
        self.sink = sock
        self._event_out = -1 if event_type is None else event_type

    def forward(self, on):
        """From here on packets pass (or are dropped); the first one continues the stream."""
        self._beep = None
        self.state[fast_path.FORWARD] = 1 if on else 0
        self.state[fast_path.LENGTH] = 0
        if on:
            self.state[fast_path.MARK] = 1

    def forward_slowly(self, beep):
        """Every packet that passes is given to beep.mix(buffer, start, end) first."""
        if self.state[fast_path.FORWARD]:
            self._beep = beep
            self.state[fast_path.FORWARD] = 2

    def forward_fast(self):
        self._beep = None
        if self.state[fast_path.FORWARD]:
            self.state[fast_path.FORWARD] = 1

    def begin_talk(self, now):
        """A talkspurt of our own making begins: its timestamps tell of the pause before it."""
        state = self.state
        if state[fast_path.SENT_MS]:
            pause = fast_path.since(now, state[fast_path.SENT_MS]) * 8 - 160
            if pause > 0:
                state[fast_path.TS_OUT] = (state[fast_path.TS_OUT] + pause) & 0xFFFFFFFF
        state[fast_path.MARK] = 1

    def pump(self):
        """The source is readable: everything that waits there goes its way."""
        rx = self._rx
        try:
            n = self._source.readinto(rx)
        except OSError:
            return  # an ICMP answer to something sent earlier: the peer's port was not open yet
        if not n:
            if n == 0:
                revive(self._source)
            return
        now = fast_path.ticks()
        tap = self._tap
        result = fast_path.relay(rx, 0, n, self.state, tap.control, tap.frame, now, 0)
        if result:
            try:
                self.sink.write(rx, n)
            except OSError:
                self.dropped += 1
            if result == fast_path.SEND_AND_SEAL:
                tap.flush()
        else:
            self._odd(n, now)

    def _odd(self, n, now):
        """readinto fills its buffer from all datagrams that wait, so this may hold several."""
        rx = self._rx
        if n == self._passed_over and not self.state[fast_path.FORWARD]:
            return  # audio while a notice plays: nobody hears or keeps it
        start = 0
        while start + 12 <= n:
            end = self._end_of_packet(start, n)
            if end == RX_SIZE and end - start < self._passed_over:
                self.dropped += 1  # the buffer's end cut this one: half a packet is neither sent nor kept
            elif rx[start] >> 6 == 2:
                kind = rx[start + 1] & 127
                if kind == self.state[fast_path.PAYLOAD_TYPE]:
                    self._passed_over = end - start
                    self._packet(start, end, now)
                elif kind == self._event_in:
                    self._event(start, end, now)
                else:
                    self.dropped += 1
            else:
                self.dropped += 1
            start = end

    def _end_of_packet(self, start, n):
        """Where the next RTP header of the same source begins: its SSRC, and a sequence number close by."""
        rx = bytes(memoryview(self._rx)[:n])
        ssrc = rx[start + 8 : start + 12]
        sequence = rx[start + 2] << 8 | rx[start + 3]
        at = rx.find(ssrc, start + 20)
        while at >= 0:
            head = at - 8
            distance = (rx[head + 2] << 8 | rx[head + 3]) - sequence
            if not distance and rx[head + 4 : at] != rx[start + 4 : start + 8]:
                distance = 64  # not the network's copy of this packet
            if rx[head] >> 6 == 2 and (distance + 64) & 0xFFFF < 128:
                return head
            at = rx.find(ssrc, at + 1)
        return n

    def _packet(self, start, end, now, event_type=-1):
        state = self.state
        if not state[fast_path.FORWARD]:
            return
        rx = self._rx
        ssrc = rx[start + 8 : start + 12]
        if not state[fast_path.LENGTH] or struct.unpack("<I", ssrc)[0] != state[fast_path.SSRC_IN]:
            self._resume(start, ssrc, now)
        if event_type < 0:
            state[fast_path.LENGTH] = end - start
            if self._beep:
                self._beep.mix(rx, start, end)
        tap = self._tap
        result = fast_path.relay(rx, start, end - start, state, tap.control, tap.frame, now, 1)
        if event_type >= 0:
            rx[start + 1] = rx[start + 1] & 128 | event_type
        try:
            self.sink.write(rx, start, end - start)
        except OSError:
            self.dropped += 1
        if result == fast_path.SEND_AND_SEAL:
            tap.flush()

    def _resume(self, start, ssrc, now):
        """A source begins, or begins anew: its numbers are moved to where our stream stands."""
        state = self.state
        sequence, timestamp = struct.unpack_from(">HI", self._rx, start + 2)
        if state[fast_path.RECEIVED]:
            self.restarts += 1
        if not state[fast_path.RECEIVED] or struct.unpack("<I", ssrc)[0] != state[fast_path.SSRC_IN]:
            # a new sequence space; what was lost so far stays lost: the base moves by as much
            expected = state[fast_path.SEQ_MAX] - state[fast_path.SEQ_BASE]
            state[fast_path.SEQ_MAX] = 0x10000 + (sequence - 1 & 0xFFFF)
            state[fast_path.SEQ_BASE] = (state[fast_path.SEQ_MAX] - expected) & 0xFFFFFFFF
        self._put_ssrc(fast_path.SSRC_IN, ssrc)
        state[fast_path.SEQ_DELTA] = (state[fast_path.SEQ_OUT] + 1 - sequence) & 0xFFFF
        elapsed = 160
        if state[fast_path.SENT_MS]:
            elapsed = max(160, fast_path.since(now, state[fast_path.SENT_MS]) * 8)
        state[fast_path.TS_DELTA] = (state[fast_path.TS_OUT] + elapsed - timestamp) & 0xFFFFFFFF
        state[fast_path.TRANSIT] = (now * 8 - timestamp) & 0xFFFFFFFF

    def _event(self, start, end, now):
        """RFC 4733: every packet of an event repeats its start time."""
        rx = self._rx
        if end - start < 16:
            self.dropped += 1
            return
        began = bytes(rx[start + 4 : start + 8])
        if began != self._event_time:
            self._event_time = began
            if rx[start + 12] < len(DIGITS):
                self._on_key(self.leg, DIGITS[rx[start + 12]])
        if self._event_out >= 0:
            self._packet(start, end, now, self._event_out)

    def quality(self):
        """(received, lost, late, jitter in us, bytes), since the flow began to forward."""
        state = self.state
        received = state[fast_path.RECEIVED]
        expected = (state[fast_path.SEQ_MAX] - state[fast_path.SEQ_BASE]) & 0xFFFFFFFF
        lost = max(0, expected - (received - state[fast_path.LATE])) if received else 0
        return received, lost, state[fast_path.LATE], state[fast_path.JITTER] * 125 // 16, state[fast_path.BYTES]
