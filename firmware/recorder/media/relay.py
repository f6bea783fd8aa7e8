"""One direction of a bridged call: RTP in from one leg, RTP out to the other (RFC 3550).

The stream that goes out has one SSRC, and its sequence numbers and timestamps run on
through notice and bridge.  Usual packets take the short way through `media.relay`;
the rest (the first packet, a new source, telephone events of RFC 4733, several
datagrams at once) is sorted out in `_odd`.
"""

import struct

from recorder.media import fast_path
from recorder.udp_poll import clear_peer_closed

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
        # as bytes in network order; the word order of every port that runs this is little-endian
        self.state[fast_path.SSRC_OUT] = struct.unpack("<I", ssrc)[0]
        self._tap = tap
        self._on_key = on_key
        self._event_out = -1
        self._rx = bytearray(fast_path.RX_SIZE)
        self._source = None
        self._beep = None
        self.sink = None
        self.restarts = 0
        self.dropped = 0

    def take_from(self, sock, payload_type, event_type):
        """The leg's socket and the payload types that its SDP agreed; event_type None without events."""
        self._source = sock
        self.state[fast_path.PAYLOAD_TYPE] = payload_type
        self.state[fast_path.EVENT_TYPE] = 255 if event_type is None else event_type

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
        if on:
            self.state[fast_path.MARK] = 1
            self.align()

    def align(self):
        """The next packet that passes follows on what was sent last, whatever its own numbers are."""
        self.state[fast_path.ALIGN] = 1

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
                clear_peer_closed(self._source)
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
        """readinto fills its buffer from all datagrams that wait, so this may hold several. Allocates nothing."""
        state = self.state
        if n == state[fast_path.LENGTH] and not state[fast_path.FORWARD]:
            return  # audio while a notice plays: nobody hears or keeps it
        rx = self._rx
        start = 0
        while start + 12 <= n:
            kind = fast_path.classify(rx, start, n, state)
            end = state[fast_path.END]
            if kind:
                self._packet(kind, start, end, now)
            else:
                self.dropped += 1
            start = end
        if start < n:
            self.dropped += 1

    def _packet(self, kind, start, end, now):
        state = self.state
        rx = self._rx
        audio = kind & fast_path.KIND == fast_path.AUDIO
        if audio:
            state[fast_path.LENGTH] = end - start
        elif kind & fast_path.KIND == fast_path.KEY:
            event = rx[state[fast_path.PAYLOAD]]
            if event < len(DIGITS):
                self._on_key(self.leg, DIGITS[event])
        if not state[fast_path.FORWARD] or not audio and self._event_out < 0:
            return
        mode = fast_path.CHECKED
        if kind & fast_path.BEGINS:
            if state[fast_path.RECEIVED]:
                self.restarts += 1
            fast_path.begin_source(rx, start, state, now)
        elif kind & fast_path.JUMPS:
            mode = fast_path.TAP_ONLY  # whether it is a stray, the next packet shows
        if audio and self._beep:
            self._beep.mix(rx, state[fast_path.PAYLOAD], state[fast_path.PAYLOAD_END])
        tap = self._tap
        result = fast_path.relay(rx, start, end - start, state, tap.control, tap.frame, now, mode)
        if mode == fast_path.TAP_ONLY:
            self.dropped += 1
        else:
            if not audio:
                rx[start + 1] = rx[start + 1] & 128 | self._event_out
            try:
                self.sink.write(rx, start, end - start)
            except OSError:
                self.dropped += 1
        if result == fast_path.SEND_AND_SEAL:
            tap.flush()

    def quality(self):
        """(received, lost, late, jitter in us, bytes), since the flow began to forward."""
        state = self.state
        received = state[fast_path.RECEIVED]
        expected = (state[fast_path.SEQ_MAX] - state[fast_path.SEQ_BASE]) & 0xFFFFFFFF
        lost = max(0, expected - (received - state[fast_path.LATE])) if received else 0
        return received, lost, state[fast_path.LATE], state[fast_path.JITTER] * 125 // 16, state[fast_path.BYTES]
