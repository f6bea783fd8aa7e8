"""Flows over real sockets: what goes in comes out, renumbered, complete, tapped as it came, without an allocation."""

import gc
import os
import struct
import sys
import time

from recorder.media import fast_path
from support.device.relay_rig import SSRC, Rig, check_continuous, fields, packet
from testigo_wire.recording import audio_frame


def test_copies_that_wait_together_stay_packets():
    rig = Rig()
    rig.relay.set_forwarding(True)
    rig.send(packet(1, 160))
    rig.send(packet(2, 320), packet(2, 320), packet(3, 480), packet(3, 480))
    heard = rig.heard()
    assert [len(p) for p in heard] == [172] * 5, [len(p) for p in heard]
    assert [len(p) for _, p in rig.tapped()] == [172] * 5
    assert rig.relay.quality()[:3] == (5, 0, 2), rig.relay.quality()
    rig.close()


def test_packets_one_by_one():
    rig = Rig()
    rig.relay.set_forwarding(True)
    sent = [packet(65530 + i, 0xFFFFFF00 + 160 * i) for i in range(20)]
    heard = []
    for data in sent:
        rig.send(data)
        heard += rig.heard()
    assert len(heard) == 20
    assert [fields(p)[5] for p in heard] == [fields(p)[5] for p in sent]
    assert fields(heard[0])[1] == 128, "the first packet carries the marker"
    assert fields(heard[1])[1] == 0
    check_continuous(heard)
    assert rig.tapped() == [(1, p) for p in sent], "the tap holds the packets as they came"
    assert rig.relay.quality()[:3] == (20, 0, 0)
    rig.close()


def test_packets_read_together_are_split():
    """MicroPython's readinto joins waiting datagrams: none may be lost, none merged, events among them."""
    rig = Rig()
    rig.relay.set_forwarding(True)
    sent = [packet(100 + i, 160 * i) for i in range(9)]
    event = struct.pack(">BBHI", 0x80, 101, 109, 1440) + SSRC + bytes((5, 10, 0, 160))
    rig.send(*(sent[:3] + [event] + sent[3:]))
    heard = rig.heard()
    assert len(heard) == 10
    assert [fields(p)[5] for p in heard if fields(p)[1] & 127 == 0] == [fields(p)[5] for p in sent]
    assert rig.keys == [(1, "5")]
    assert [fields(p)[1] & 127 for p in heard].count(96) == 1, "the event has the other leg's payload type"
    assert [p for leg, p in rig.tapped()] == sent[:3] + [event] + sent[3:]
    rig.close()


def test_a_packet_that_the_buffer_cuts_is_lost_whole():
    rig = Rig()
    rig.relay.set_forwarding(True)
    rig.send(packet(1, 0, size=80))
    sent = [packet(2 + i, 80 + 80 * i, size=80) for i in range(30)]  # 92 bytes each do not fill 2,064 evenly
    rig.send(*sent)
    heard = rig.heard()
    assert len(heard) == 1 + 2064 // 92
    assert {len(p) for p in heard} == {92}
    assert rig.relay.dropped == 1
    rig.close()


def test_payload_that_looks_like_a_header():
    rig = Rig()
    rig.relay.set_forwarding(True)
    evil = bytearray(packet(200, 0))
    evil[40:44] = SSRC  # the SSRC alone is no header: version and sequence number do not fit
    rig.send(bytes(evil))
    assert len(rig.heard()) == 1
    rig.close()


def test_a_key_pressed_before_any_audio_keeps_its_timestamp():
    """RFC 4733: all packets of an event have the time at which it began, or one press is taken for several."""
    rig = Rig()
    rig.relay.set_forwarding(True)
    for i in range(5):
        rig.send(struct.pack(">BBHI", 0x80, 101, 300 + i, 7777) + SSRC + bytes((4, 10, 0, 160)))
        time.sleep_ms(25)
    heard = rig.heard()
    assert rig.keys == [(1, "4")]
    check_continuous(heard, 0)
    rig.close()


def test_a_key_among_header_extensions():
    rig = Rig()
    rig.relay.set_forwarding(True)
    head = struct.pack(">BBHI", 0x91, 101, 300, 7777) + SSRC + b"csrc" + b"\xbe\xde\x00\x01" + b"\x01\x02\x03\x04"
    rig.send(head + bytes((11, 10, 0, 160)))
    assert rig.keys == [(1, "#")]
    rig.send(struct.pack(">BBHI", 0x90, 101, 301, 8888) + SSRC + b"\xbe\xde\x40\x01" + b"\x01\x02\x03\x04")
    assert rig.keys == [(1, "#")] and rig.relay.dropped == 1, "a header longer than its packet has no key"
    rig.close()


def test_a_payload_lies_within_its_packet():
    state = fast_path.new_state()
    rx = bytearray(400)
    for flags, tail in ((0x9F, b""), (0x90, b"\xbe\xde\xff\xff"), (0xA0, b"\xff"), (0x8F, bytes(8)), (0xBF, b"\x00")):
        data = bytes((flags,)) + packet(5, 0, size=0)[1:] + tail
        rx[20 : 20 + len(data)] = data
        fast_path.classify(rx, 20, 20 + len(data), state)
        assert 20 < state[fast_path.PAYLOAD] <= state[fast_path.PAYLOAD_END] <= 20 + len(data) == state[fast_path.END]


def test_random_bytes_are_divided_within_the_buffer():
    """viper checks no index: what `classify` gives has to lie in the bytes that came."""
    state = fast_path.new_state()
    state[fast_path.FORWARD] = 1
    state[fast_path.EVENT_TYPE] = 101
    rx = bytearray(fast_path.RX_SIZE)
    kinds = set()
    for count in range(400):
        rx[:] = os.urandom(len(rx))
        n = len(rx) if count % 3 == 0 else 12 + int.from_bytes(os.urandom(2), "big") % (len(rx) - 12)
        for at in range(0, n - 12, 12 + rx[0] % 160):  # headers that make sense among them
            rx[at] = 0x80 | rx[at] & 0x3F
            rx[at + 1] = (0, 101, 128, rx[at + 1])[rx[at + 1] & 3]
            rx[at + 4 : at + 12] = b"time" + SSRC
        state[fast_path.LENGTH] = (0, 172, 12)[count % 3]
        start = 0
        while start + 12 <= n:
            kind = fast_path.classify(rx, start, n, state)
            kinds.add(kind & fast_path.KIND)
            end = state[fast_path.END]
            assert start + 12 <= end <= n, (start, end, n)
            assert start + 12 <= state[fast_path.PAYLOAD] <= state[fast_path.PAYLOAD_END] <= end
            if kind & fast_path.BEGINS:
                fast_path.begin_source(rx, start, state, count)
            start = end
    assert kinds == {fast_path.FOREIGN, fast_path.AUDIO, fast_path.EVENT, fast_path.KEY}, kinds


def test_notice_and_conversation_are_one_stream():
    rig = Rig(recorded=False)
    own = bytearray(172)
    for _ in range(3):
        fast_path.stamp(own, rig.relay.state, 0, 160, time.ticks_ms())
        rig.outer.write(own)
    rig.send(packet(9000, 5))  # not passed on: the notice is playing
    rig.relay.set_forwarding(True)
    for i in range(3):
        rig.send(packet(9001 + i, 165 + 160 * i))
    heard = rig.heard()
    assert len(heard) == 6
    check_continuous(heard)
    assert [fields(p)[1] for p in heard] == [128, 0, 0, 128, 0, 0]
    assert rig.tapped() == []
    rig.close()


def test_what_is_no_packet_of_the_session_is_dropped():
    rig = Rig()
    rig.relay.set_forwarding(True)
    rig.send(packet(1, 0))
    for data in (b"", b"\x80", b"x" * 11, b"\x00" * 172, packet(5, 0, payload_type=99), bytes(500)):
        rig.send(data)
    assert len(rig.heard()) == 1
    rig.send(packet(2, 160))
    assert len(rig.heard()) == 1
    rig.close()


def test_ticks_of_more_than_32_bits():
    """Where ticks have more than 32 bits they must not be compared with what a word kept of them."""
    if sys.maxsize < 1 << 40:
        return  # ticks have 30 bits there

    class LongUp:
        @staticmethod
        def ticks_ms():
            return time.ticks_ms() + (1 << 40)

    fast_path.time = LongUp
    try:
        test_packets_one_by_one()
        rig = Rig(recorded=False)
        own = bytearray(172)
        rig.relay.start_talkspurt(fast_path.ticks())
        fast_path.stamp(own, rig.relay.state, 0, 160, fast_path.ticks())
        rig.outer.write(own)
        rig.relay.start_talkspurt(fast_path.ticks())
        rig.relay.set_forwarding(True)
        rig.tap.start(rig.recording)
        rig.send(packet(1, 0))
        heard = rig.heard()
        check_continuous(heard)
        rig.tap.flush()
        assert struct.unpack(">I", rig.recording.frames[0][1:5])[0] < 1000
    finally:
        fast_path.time = time
    rig.close()


def test_the_packet_path_lays_out_frames_as_the_format_says():
    """viper cannot import the format's numbers. Words are copied where both ends are aligned, or where it does not matter."""
    assert fast_path.PACKET_HEAD == audio_frame.PACKET_HEAD
    for unaligned_words in (0, 1):
        check_layout(unaligned_words)


def check_layout(unaligned_words):
    rig = Rig()
    rig.relay.set_forwarding(True)
    control = rig.tap.control
    control[fast_path.WORDS] = unaligned_words
    expected = bytearray(3000)
    at = audio_frame.begin(expected, 0, 0)
    sizes = (160, 0, 987, 160, 161, 27, 32, 33, 160, 160)  # at any distance from a multiple of four
    for sequence, size in enumerate(sizes, 1):
        ms = 30 * sequence - 30
        data = bytearray(packet(sequence, 160 * sequence, size=size))
        at = audio_frame.put(expected, at, audio_frame.FAR, ms, data)
        now = 70000 + ms
        fast_path.forward(data, 0, len(data), rig.relay.state, control, rig.tap.frame, now, fast_path.CHECKED)
    start = rig.recording.stream.start
    filled = rig.tap.frame[control[fast_path.FIRST] : control[fast_path.POSITION]]
    assert control[fast_path.FIRST] == start + audio_frame.HEAD
    assert filled == expected[audio_frame.HEAD : at]
    rig.close()


def test_packets_that_waited_together_allocate_nothing():
    """They are late already: a collection of garbage would make them later."""
    rig = Rig()
    rig.relay.set_forwarding(True)
    event = struct.pack(">BBHI", 0x80, 101, 0, 5) + SSRC + bytes((4, 10, 0, 160))
    sequence = 0xFFF8  # over the end of the sequence numbers, and of small integers in timestamps
    rig.send(packet(sequence, 0xFFFFF000))
    rig.send(event[:2] + b"\xff\xf9" + event[4:])  # reporting the key allocates
    sequence += 1
    assert len(rig.heard()) == 2
    pump = rig.relay.on_readable
    control = rig.tap.control
    for count in (1, 4, 12, 1, 4, 12):
        waiting = []
        for _ in range(count):
            sequence += 1
            waiting.append(packet(sequence, 160 * sequence))
        if count == 4:
            waiting[2] = event[:2] + waiting[2][2:4] + event[4:]
        for data in waiting:
            rig.sender.send(data)
        gc.collect()
        gc.disable()
        before = gc.mem_alloc()
        pump()
        used = gc.mem_alloc() - before
        gc.enable()
        assert used == 0, (count, used)
        heard = rig.heard()
        assert len(heard) == count and all(len(data) in (172, 16) for data in heard)
        control[fast_path.POSITION] = control[fast_path.FIRST]  # this test seals nothing
    assert rig.keys == [(1, "4")]
    assert rig.relay.quality()[:3] == (36, 0, 0), rig.relay.quality()
    rig.close()


def test_no_packet_allocates():
    rig = Rig()
    rig.relay.set_forwarding(True)
    data = packet(1, 0)
    heard = bytearray(172)
    rig.send(data)
    pump = rig.relay.on_readable
    control = rig.tap.control
    raw = bytearray(data)
    gc.collect()
    gc.disable()
    before = gc.mem_alloc()
    for sequence in range(2, 202):
        raw[3] = sequence & 255
        raw[2] = sequence >> 8
        rig.sender.write(raw)
        pump()
        rig.listener.readinto(heard)
        control[fast_path.POSITION] = control[fast_path.FIRST]  # this test seals nothing
    used = gc.mem_alloc() - before
    gc.enable()
    # the loop's own numbers and the control word may be boxed on 32 bits, packets may not
    assert used < 200 * 16, used
    assert rig.relay.quality()[0] == 201
    rig.close()


def test_what_waits_when_recording_begins_is_passed_on_and_not_recorded():
    """After a long turn the sockets hold what was said before the consent."""
    rig = Rig(recorded=False)
    rig.relay.set_forwarding(True)
    old = [packet(number, 160 * number) for number in range(1, 9)]
    key = packet(9, 160 * 9, payload_type=101, size=0) + bytes((9, 10, 0, 160))
    for data in old + [key]:  # noqa: RUF005 - not for MicroPython
        rig.sender.send(data)
    rig.relay.pass_waiting()
    rig.tap.start(rig.recording)
    assert rig.keys == [] and rig.relay.held_keys == "9", "the state of the call changes: its keys are told afterwards"
    rig.relay.tell_held_keys()
    assert rig.keys == [(1, "9")] and rig.relay.held_keys == ""
    new = [packet(number, 160 * number) for number in range(10, 13)]
    rig.send(*new)
    heard = rig.heard()
    assert len(heard) == 12
    check_continuous([data for data in heard if len(data) > 100][:8])
    assert rig.tapped() == [(1, data) for data in new]
    rig.close()


def test_recording_that_a_key_begins_leaves_what_came_after_the_key():
    rig = Rig(recorded=False)
    rig.relay.set_forwarding(True)

    def begin(leg, digit):
        rig.relay.pass_waiting()
        rig.tap.start(rig.recording)

    rig.relay._on_key = begin
    before, after = packet(1, 160), packet(3, 480)
    rig.send(before, packet(2, 320, payload_type=101, size=0) + bytes((1, 10, 0, 160)), after)
    assert [data for _, data in rig.tapped() if len(data) > 100] == [after]
    rig.close()
