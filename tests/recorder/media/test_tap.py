"""The tap: packets in frames, on the time of the recording's events."""

import time

from recorder.media import fast_path
from recorder.media.tap import Tap
from support.device import stores
from testigo_wire.recording import audio_frame, audio_frame_reader

HEAP = "1m"
SLOW_MS = 250  # a chip's flash, and its keys


def slow(function):
    def later(*arguments):
        time.sleep_ms(SLOW_MS)
        return function(*arguments)

    return later


async def test_audio_and_events_have_one_clock():
    """However long it takes to make the keys and to write the header; docs/formats/audio-frame.md: since opened_ms."""
    a = await stores.ready("clock-of-audio")
    a.keypool.take = slow(a.keypool.take)
    a.spool.take_number = slow(a.spool.take_number)
    made = a.begin()
    tap = Tap(a.hal)
    tap.start(made)
    data = bytearray(b"\x80\x00\x00\x01" + bytes(168))
    before = a.hal.unix_ms() - made.opened_ms
    fast_path.forward(
        data, 0, len(data), fast_path.new_state(), tap.control, tap.frame, fast_path.ticks(), fast_path.CHECKED
    )
    made.event("dtmf", 1, "5", "rfc4733")
    after = a.hal.unix_ms() - made.opened_ms
    tap.flush()
    tap.stop()
    await made.close("hang-up")
    items = []
    verifier = a.verify(1, items=items)
    assert not verifier.findings, verifier.findings
    (frame,) = [audio_frame_reader.parse(item.plaintext) for item in items if item.stream and item.plaintext]
    ((leg, ms, _),) = frame
    (event_ms,) = [event[1] for event in verifier.events if event[0] == "dtmf"]
    assert leg == audio_frame.NEAR
    assert before >= 2 * SLOW_MS
    assert before - 2 <= ms <= event_ms <= after + 2, (before, ms, event_ms, after)
    stores.remove_tree(a.root)
