"""Plays a stored notice as RTP, one packet every 20 ms, to one leg or to both.

The samples are hashed as they are sent: `completed` means that the signed audio was played to its end.
"""

import asyncio
import time

from recorder.media import fast_path
from recorder.media.fast_path import SAMPLES, SILENCE
from testigo_wire.sip.sdp import TYPES

PACKET_MS = 20
MAX_REFUSED = 10  # the network may refuse less than one packet in so many


class Player:
    """Plays one notice once. played_ms and completed are valid at any time, also after `run` was cancelled."""

    def __init__(self, primitives, notice, encoding, relays):
        """relays: their outgoing streams carry the notice."""
        self._notice = notice
        self._encoding = encoding
        self._relays = relays
        self._hash = primitives.new_sha256()
        self.refused = 0  # packets that the network did not take
        self.played_ms = 0
        self.completed = False
        self.ended = False

    async def run(self):
        """Returns True when the whole notice was sent and has the digest that was signed."""
        packet = bytearray(12 + SAMPLES)
        samples = memoryview(packet)[12:]
        payload_type = TYPES[self._encoding]
        audio = self._notice.open(self._encoding)
        try:
            sent = 0
            due = time.ticks_ms()
            for relay in self._relays:
                relay.start_talkspurt(fast_path.ticks())
            while True:
                n = audio.readinto(samples)
                if not n:
                    break
                self._hash.update(samples[:n] if n < SAMPLES else samples)
                for i in range(n, SAMPLES):
                    samples[i] = SILENCE[self._encoding]
                now = fast_path.ticks()
                for relay in self._relays:
                    fast_path.stamp(packet, relay.state, payload_type, SAMPLES, now)
                    try:
                        relay.sink.write(packet)
                    except OSError:
                        relay.dropped += 1
                        self.refused += 1
                sent += n
                self.played_ms = sent // 8
                due = time.ticks_add(due, PACKET_MS)
                await asyncio.sleep_ms(max(0, time.ticks_diff(due, time.ticks_ms())))
        finally:
            audio.close()
        notice = self._notice
        whole = sent == notice.length(self._encoding) and self._hash.digest() == notice.digest(self._encoding)
        # A telephone may open its port a moment late. One whose port is closed has not played the notice to anybody.
        self.completed = whole and self.refused * MAX_REFUSED < sent // SAMPLES * len(self._relays)
        return self.completed
