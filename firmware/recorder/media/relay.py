"""One direction of a bridged call: RTP in from one leg, RTP out to the other (RFC 3550).

The stream that goes out has one SSRC, and its sequence numbers and timestamps continue from the notice to the
conversation. Usual packets are handled by one call of `fast_path.forward`. The first packet, a new source, restarted
sequence numbers, telephone events (RFC 4733) and several datagrams at once are handled in `slow_path`.
"""

import struct

from recorder.media import fast_path
from recorder.udp_poll import clear_peer_closed
from testigo_wire.encoding.schema import KEYS

MAX_WAITING = 400  # reads that empty a socket: more than it holds
MAX_KEYS = 16  # that wait at a source


class Relay:
    def __init__(self, leg, tap, ssrc, on_key):
        """leg: 0 near, 1 far, where packets come from. ssrc: 4 bytes, of the stream that goes out.

        on_key(leg, digit): a telephone event began.
        """
        self.leg = leg
        self.state = fast_path.new_state()
        self.state[fast_path.LEG] = leg
        self.state[fast_path.SEQ_OUT] = ssrc[0]
        self.state[fast_path.TS_OUT] = ssrc[1] << 8
        self.state[fast_path.MARK] = 1
        # as bytes in network order; the word order of every port that runs this is little-endian
        self.state[fast_path.SSRC_OUT] = struct.unpack("<I", ssrc)[0]
        self.tap = tap
        self._on_key = on_key
        self._event_out = fast_path.NO_EVENTS
        self.rx = bytearray(fast_path.RX_SIZE)
        self._source = None
        self._mixer = None
        self.sink = None
        self.held_keys = ""  # of packets that `pass_waiting` passed on, for `tell_held_keys`
        self._holds_keys = self._tells_key = False
        self.restarts = 0  # how often a source followed another one, or restarted its sequence numbers
        self.dropped = 0  # packets that were not passed on

    def set_source(self, sock, payload_type, event_type):
        """The leg's socket and the payload types that its SDP agreed; event_type: None without telephone events."""
        self._source = sock
        self.state[fast_path.PAYLOAD_TYPE] = payload_type
        self.state[fast_path.EVENT_TYPE] = fast_path.NO_EVENTS if event_type is None else event_type

    def set_sink(self, sock, event_type):
        """The other leg's socket, and its payload type of telephone events, or None: they are then dropped."""
        self.sink = sock
        self._event_out = fast_path.NO_EVENTS if event_type is None else event_type

    def discard_waiting(self):
        """Drop the packets that wait at the source."""
        for _ in range(MAX_WAITING):
            try:
                if self._source.readinto(self.rx) is None:
                    return
            except OSError:
                pass

    def pass_waiting(self):
        """Pass on the packets that wait at the source. They were sent before this moment: recording begins after it.

        Their keys are told later, since the state of the call is changing now. If a key of this relay changes it, what comes
        after the key is newer, and stays where it is.
        """
        if self._source and not self._tells_key:
            self._holds_keys = True
            for _ in range(MAX_WAITING):
                if not self.on_readable():
                    break
            self._holds_keys = False

    def tell_held_keys(self):
        keys, self.held_keys = self.held_keys, ""
        for digit in keys:
            self._on_key(self.leg, digit)

    def set_forwarding(self, on):
        """From now on packets are passed on, or dropped; the first one continues the stream that goes out."""
        self._mixer = None
        self.state[fast_path.FORWARD] = 1 if on else 0
        if on:
            self.state[fast_path.MARK] = 1
            self.align()

    def align(self):
        """The next packet that is passed on follows on what was sent last, whatever its own numbers are."""
        self.state[fast_path.ALIGN] = 1

    def insert_mixer(self, mixer):
        """Call mixer.mix(buffer, start, end) with the payload of every audio packet before it is tapped and passed on."""
        if self.state[fast_path.FORWARD]:
            self._mixer = mixer
            self.state[fast_path.FORWARD] = 2

    def remove_mixer(self):
        self._mixer = None
        if self.state[fast_path.FORWARD]:
            self.state[fast_path.FORWARD] = 1

    def start_talkspurt(self, now):
        """A talkspurt made by the appliance begins: its timestamps leave room for the pause before it. now: ticks()."""
        state = self.state
        if state[fast_path.SENT_MS]:
            pause = fast_path.since(now, state[fast_path.SENT_MS]) * 8 - 160
            if pause > 0:
                state[fast_path.TS_OUT] = (state[fast_path.TS_OUT] + pause) & 0xFFFFFFFF
        state[fast_path.MARK] = 1

    def on_readable(self):
        """Read all that waits at the source, tap it and pass it on -> whether something waited. Allocates nothing."""
        rx = self.rx
        try:
            n = self._source.readinto(rx)
        except OSError:
            return True  # an ICMP answer to something sent earlier: the peer's port was not open yet
        if not n:
            if n == 0:
                clear_peer_closed(self._source)
            return n == 0
        now = fast_path.ticks()
        tap = self.tap
        result = fast_path.forward(rx, 0, n, self.state, tap.control, tap.frame, now, fast_path.USUAL)
        if result:
            try:
                self.sink.write(rx, n)
            except OSError:
                self.dropped += 1
            if result == fast_path.SEND_AND_SEAL:
                tap.flush()
        else:
            self.slow_path(n, now)
        return True

    def slow_path(self, n, now):
        """Take the packets in the buffer one by one: readinto fills it from all datagrams that wait."""
        state = self.state
        if n == state[fast_path.LENGTH] and not state[fast_path.FORWARD]:
            return  # audio while a notice plays: it is neither passed on nor kept
        start = 0
        while start + 12 <= n:
            kind = fast_path.classify(self.rx, start, n, state)
            end = state[fast_path.END]
            if kind:
                self._take_packet(kind, start, end, now)
            else:
                self.dropped += 1
            start = end
        if start < n:
            self.dropped += 1

    def _take_packet(self, kind, start, end, now):
        """One classified packet, in rx[start:end]."""
        state = self.state
        rx = self.rx
        audio = kind & fast_path.KIND == fast_path.AUDIO
        if audio:
            state[fast_path.LENGTH] = end - start
        elif kind & fast_path.KIND == fast_path.KEY:
            event = rx[state[fast_path.PAYLOAD]]
            if event < len(KEYS):
                self._take_key(KEYS[event])
        if not state[fast_path.FORWARD] or not audio and self._event_out == fast_path.NO_EVENTS:
            return
        mode = fast_path.CHECKED
        if kind & fast_path.BEGINS:
            if state[fast_path.RECEIVED]:
                self.restarts += 1
            fast_path.begin_source(rx, start, state, now)
        elif kind & fast_path.JUMPS:
            mode = fast_path.TAP_ONLY  # the next packet shows whether this one is a stray
        if audio and self._mixer:
            self._mixer.mix(rx, state[fast_path.PAYLOAD], state[fast_path.PAYLOAD_END])
        tap = self.tap
        result = fast_path.forward(rx, start, end - start, state, tap.control, tap.frame, now, mode)
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

    def _take_key(self, digit):
        if self._holds_keys:
            if len(self.held_keys) < MAX_KEYS:
                self.held_keys += digit
            return
        self._tells_key = True
        try:
            self._on_key(self.leg, digit)
        finally:
            self._tells_key = False

    def quality(self):
        """(received, lost, late, jitter in us, bytes) of all packets that were passed on."""
        state = self.state
        received = state[fast_path.RECEIVED]
        expected = (state[fast_path.SEQ_MAX] - state[fast_path.SEQ_BASE]) & 0xFFFFFFFF
        lost = max(0, expected - (received - state[fast_path.LATE])) if received else 0
        return received, lost, state[fast_path.LATE], state[fast_path.JITTER] * 125 // 16, state[fast_path.BYTES]
