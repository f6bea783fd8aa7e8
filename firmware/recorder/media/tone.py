"""The warning tone: mixed into what both parties hear, and into the recording as it was heard.

The samples of a G.711 packet are decoded, the tone is added, and they are encoded again (ITU-T G.711, tables 1 and 2);
packets outside the tone stay as they came. Where a party sends nothing (silence suppression, a muted telephone), the
appliance sends packets of its own to the other one. Loaded for lines that have a tone.
"""

import math
from array import array

import micropython

from recorder.media import fast_path
from recorder.media.fast_path import SAMPLES, SILENCE
from testigo_wire.recording import audio_frame
from testigo_wire.sip.sdp import TYPES

RATE = 8000
FULL_SCALE = 32124  # a G.711 sine of +3.17 dBm0 peaks here (ITU-T G.711, section 2)
FULL_SCALE_DBM0 = 3.17
QUIET_TICKS = 2  # without a packet, before the appliance sends its own


def period(hertz, level):
    """-> one whole period of the tone, or several, as 16-bit samples. hertz: a multiple of 20. level: in dB below 0 dBm0."""
    peak = FULL_SCALE * 10 ** ((-level - FULL_SCALE_DBM0) / 20)
    a, b = RATE, hertz
    while b:
        a, b = b, a % b
    count = RATE // a
    return array("h", [round(peak * math.sin(2 * math.pi * hertz * i / RATE)) for i in range(count)])


@micropython.viper
def mix(packet: ptr8, start: int, n: int, samples: ptr16, count: int, at: int, a_law: int) -> int:
    """Add the tone of `count` samples, from samples[at], to n G.711 bytes of packet[start:] -> where the tone continues."""
    for i in range(start, start + n):
        code = packet[i]
        if a_law:
            code ^= 0x55
            value = (code & 15) << 4
            segment = (code >> 4) & 7
            value += 8
            if segment:
                value = (value + 256) << (segment - 1)
            if not (code & 128):
                value = 0 - value
        else:
            code ^= 255
            value = ((((code & 15) << 3) + 0x84) << ((code >> 4) & 7)) - 0x84
            if code & 128:
                value = 0 - value
        added = samples[at]
        if added > 32767:
            added -= 65536
        value += added
        at += 1
        if at >= count:
            at = 0
        sign = 0
        if a_law:
            sign = 128
            if value < 0:
                sign = 0
                value = (0 - value) - 1
            if value > 32767:
                value = 32767
            segment = 7
            while segment > 0 and not (value & (0x80 << segment)):
                segment -= 1
            shift = segment + 3 if segment else 4
            packet[i] = (sign | (segment << 4) | ((value >> shift) & 15)) ^ 0x55
        else:
            if value < 0:
                sign = 128
                value = 0 - value
            if value > 32635:
                value = 32635
            value += 0x84
            segment = 7
            while segment > 0 and not (value & (0x80 << segment)):
                segment -= 1
            packet[i] = (sign | (segment << 4) | ((value >> (segment + 3)) & 15)) ^ 255
    return at


class ToneMixer:
    """The tone in one direction: mixed into packets that are passed on, or sent in packets of its own, for `left` samples."""

    def __init__(self, tone, relay, encoding):
        self._samples = tone.samples
        self._relay = relay
        self._a_law = 1 if encoding == "PCMA" else 0
        self._encoding = encoding
        self._at = 0
        self.left = 0  # samples
        self.own = False  # the packet sent last was the appliance's own

    def begin(self, samples):
        self._at = 0
        self.left = samples
        self.own = False
        self._relay.insert_mixer(self)

    def mix(self, packet, start, end):
        """Add the tone to the payload packet[start:end]."""
        n = min(end - start, self.left)
        if n > 0:
            self._at = mix(packet, start, n, self._samples, len(self._samples), self._at, self._a_law)
            self.left -= n
        if self.left <= 0:
            self._relay.remove_mixer()

    def send_packet(self, tap, tone_packet, now, sounds):
        """Send and tap a packet of the tone alone. now: ticks(). sounds: the ticks, now or before, at which it was due."""
        code = SILENCE[self._encoding]
        for i in range(12, 12 + SAMPLES):
            tone_packet[i] = code
        relay = self._relay
        if not self.own:
            self.own = True
            after = fast_path.since(sounds, relay.state[fast_path.SENT_MS])
            if after <= fast_path.TICKS_MASK >> 1:  # else it was due before the packet that was sent last
                relay.start_talkspurt(sounds)
        fast_path.stamp(tone_packet, relay.state, TYPES[self._encoding], SAMPLES, sounds)
        self.mix(tone_packet, 12, 12 + SAMPLES)
        relay.align()
        try:
            relay.sink.write(tone_packet)
        except OSError:
            relay.dropped += 1
        _record(tap, relay.leg, tone_packet, now)


def _record(tap, leg, packet, now):
    control = tap.control
    position = control[fast_path.POSITION]
    if not position:
        return
    if position == control[fast_path.FIRST]:
        control[fast_path.STARTED] = now
    position = audio_frame.put(tap.frame, position, leg, fast_path.since(now, control[fast_path.STARTED]), packet)
    control[fast_path.POSITION] = position
    if position > control[fast_path.LIMIT]:
        tap.flush()


class Tone:
    """The tone of one call. description: [hertz, length_ms, interval_ms, level] of the policy."""

    def __init__(self, description, tap, relays, encodings):
        """encodings: of the two legs, by side."""
        hertz, length_ms, self._interval, level = description
        self.samples = period(hertz, level)
        self._length = length_ms * RATE // 1000
        self._tap = tap
        self._relays = relays
        self._mixers = [ToneMixer(self, relay, encoding) for relay, encoding in zip(relays, encodings)]
        self._packet = bytearray(12 + SAMPLES)
        self._began = 0
        self._sounding = False
        self._received = [0, 0]
        self._quiet = [0, 0]  # ticks without a packet

    def begin(self, now):
        """Recording begins or goes on: the first tone is due at once. now: ticks()."""
        self._began = now
        self._sounding = True
        for mixer in self._mixers:
            mixer.begin(self._length)

    def tick(self, now):
        """To be called some twenty times a second while recording. now: ticks()."""
        age = fast_path.since(now, self._began)
        if age >= self._interval:
            self.begin(now)
        elif self._sounding:
            self._sounding = False
            due = max(0, self._length - age * (RATE // 1000))
            for i in range(2):
                if self._mixers[i].left:
                    self._sounding = True
                    self._fill_silence(i, due, now)

    def _fill_silence(self, i, due, now):
        received = self._relays[i].state[fast_path.RECEIVED]
        mixer = self._mixers[i]
        if received != self._received[i]:
            self._received[i] = received
            self._quiet[i] = 0
            mixer.own = False
        else:
            self._quiet[i] += 1
        if self._quiet[i] >= QUIET_TICKS:
            while mixer.left > due:
                sounds = self._began + (self._length - mixer.left) * 1000 // RATE
                mixer.send_packet(self._tap, self._packet, now, sounds & fast_path.TICKS_MASK)

    def end(self):
        """Recording is off: no tone until the next `begin`."""
        self._sounding = False
        for mixer in self._mixers:
            mixer.left = 0
        for relay in self._relays:
            relay.remove_mixer()
