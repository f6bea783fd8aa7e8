"""The tap: packets in frames, on the time of the recording's events."""

import time

from recorder.media import fast_path
from recorder.media.tap import Tap
from recorder.storage import recordings
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
    a.keypool.take_steps = slow(a.keypool.take_steps)
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


def take(tap, sequence_number, size):
    """A packet of that size, header included, goes past the tap -> what `forward` returns."""
    data = bytearray(b"\x80\x00" + sequence_number.to_bytes(2, "big") + bytes(size - 4))
    return fast_path.forward(
        data, 0, size, fast_path.new_state(), tap.control, tap.frame, fast_path.ticks(), fast_path.CHECKED
    )


async def test_a_frame_is_sealed_while_it_has_room_for_the_longest_packet():
    """`forward` writes without a look at the end of the buffer."""
    a = await stores.ready("room")
    made = a.begin()
    tap = Tap(a.hal)
    tap.start(made)
    stream, control = made.start_audio(), tap.control
    end = stream.start + stream.capacity
    longest = fast_path.PACKET_HEAD + fast_path.LONGEST_PACKET
    assert control[fast_path.LIMIT] == end - longest, "room for one more, and for no second one"
    assert tap.frame is stream.buffer and len(tap.frame) > end
    for size in (fast_path.LONGEST_PACKET, 700, 172):
        for i in range(1000):
            full = take(tap, i, size) == fast_path.SEND_AND_SEAL
            assert control[fast_path.POSITION] <= end, size
            if full:
                break
        assert control[fast_path.POSITION] > end - longest, "not before"
        tap.flush()
        assert control[fast_path.POSITION] == control[fast_path.FIRST] and not made.failed
    tap.stop()
    await made.close("hang-up")
    assert a.verify(1).audio_frames == 3 and not a.verify(1).findings
    stores.remove_tree(a.root)


async def test_no_packet_is_taken_after_a_frame_that_was_not_stored():
    a = await stores.ready("refused-frame")
    made = a.begin()
    tap = Tap(a.hal)
    tap.start(made)
    a.hal.free_bytes = lambda: recordings.FREE_TO_CONTINUE
    take(tap, 1, 172)
    tap.flush()
    assert made.full and not tap.on and tap.control[fast_path.POSITION] == 0
    before = bytes(tap.frame)
    take(tap, 2, 172)
    tap.flush()
    assert tap.frame == before and tap.control[fast_path.POSITION] == 0
    await made.close("limit")
    assert not a.verify(1).findings
    stores.remove_tree(a.root)
