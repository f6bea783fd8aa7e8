"""The warning tone: mixed into what both parties hear, and into the recording as it was heard.

The samples of a G.711 packet are taken apart, the tone is added, and they are put together again (ITU-T G.711, tables 1
and 2); packets outside the tone stay as they came.  Where a party sends nothing (silence suppression, a muted
telephone) the other hears packets of our own.  Loaded for lines that have a tone.
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
QUIET_TICKS = 2  # without a packet: there is none to mix the tone into


def period(hertz, level):
    """One whole period of the tone, or several, as 16-bit samples; hertz is a multiple of 20, level is below 0 dBm0."""
    peak = FULL_SCALE * 10 ** ((-level - FULL_SCALE_DBM0) / 20)
    a, b = RATE, hertz
    while b:
        a, b = b, a % b
    count = RATE // a
    return array("h", [round(peak * math.sin(2 * math.pi * hertz * i / RATE)) for i in range(count)])


@micropython.viper
def mix(packet: ptr8, start: int, n: int, samples: ptr16, count: int, at: int, a_law: int) -> int:
    """Adds samples[at:] of `count`, over and over, to n G.711 bytes from `start`; returns where the tone goes on."""
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


class Beep:
    """The tone in one direction: mixed into the packets that pass, as long as `left` says."""

    def __init__(self, tone, flow, encoding):
        self._samples = tone.samples
        self._flow = flow
        self._a_law = 1 if encoding == "PCMA" else 0
        self._encoding = encoding
        self._at = 0
        self.left = 0  # samples
        self.own = False  # what was sent last was a packet of our own

    def begin(self, samples):
        self._at = 0
        self.left = samples
        self.own = False
        self._flow.forward_slowly(self)

    def mix(self, packet, start, end):
        """Into the payload that stands in packet[start:end]."""
        n = min(end - start, self.left)
        if n > 0:
            self._at = mix(packet, start, n, self._samples, len(self._samples), self._at, self._a_law)
            self.left -= n
        if self.left <= 0:
            self._flow.forward_fast()

    def alone(self, tap, tone_packet, now, sounds):
        """A packet of our own, where none came to mix the tone into. sounds: the time, now or before, that it stands for."""
        code = SILENCE[self._encoding]
        for i in range(12, 12 + SAMPLES):
            tone_packet[i] = code
        flow = self._flow
        if not self.own:
            self.own = True
            if (
                fast_path.since(sounds, flow.state[fast_path.SENT_MS]) <= fast_path.TICKS_MASK >> 1
            ):  # not before what was sent last
                flow.begin_talk(sounds)
        fast_path.stamp(tone_packet, flow.state, TYPES[self._encoding], SAMPLES, sounds)
        self.mix(tone_packet, 12, 12 + SAMPLES)
        flow.align()
        try:
            flow.sink.write(tone_packet)
        except OSError:
            flow.dropped += 1
        _keep(tap, flow.leg, tone_packet, now)


def _keep(tap, leg, packet, now):
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

    def __init__(self, description, tap, flows, encodings):
        """encodings: of the two legs, by side."""
        hertz, length_ms, self._interval, level = description
        self.samples = period(hertz, level)
        self._length = length_ms * RATE // 1000
        self._tap = tap
        self._flows = flows
        self._beeps = [Beep(self, flow, encoding) for flow, encoding in zip(flows, encodings)]
        self._packet = bytearray(12 + SAMPLES)
        self._began = 0
        self._sounding = False
        self._received = [0, 0]
        self._quiet = [0, 0]  # ticks without a packet

    def begin(self, now):
        """Recording begins, or goes on: the first tone is due at once. now: media.ticks()."""
        self._began = now
        self._sounding = True
        for beep in self._beeps:
            beep.begin(self._length)

    def tick(self, now):
        """Some twenty times a second while recording."""
        age = fast_path.since(now, self._began)
        if age >= self._interval:
            self.begin(now)
        elif self._sounding:
            self._sounding = False
            due = max(0, self._length - age * (RATE // 1000))
            for i in range(2):
                if self._beeps[i].left:
                    self._sounding = True
                    self._fill(i, due, now)

    def _fill(self, i, due, now):
        received = self._flows[i].state[fast_path.RECEIVED]
        beep = self._beeps[i]
        if received != self._received[i]:
            self._received[i] = received
            self._quiet[i] = 0
            beep.own = False
        else:
            self._quiet[i] += 1
        if self._quiet[i] >= QUIET_TICKS:
            while beep.left > due:
                sounds = self._began + (self._length - beep.left) * 1000 // RATE
                beep.alone(self._tap, self._packet, now, sounds & fast_path.TICKS_MASK)

    def end(self):
        """Recording is off: no more of it."""
        self._sounding = False
        for beep in self._beeps:
            beep.left = 0
        for flow in self._flows:
            flow.forward_fast()
