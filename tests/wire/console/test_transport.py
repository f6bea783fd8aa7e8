"""Two ends of a line that loses, doubles and changes bytes."""

from testigo_wire.console import transport
from testigo_wire.console.transport import CLOSED, OPEN, Endpoint
from testigo_wire.encoding import cobs


class Chance:
    """A small generator, the same on both runtimes."""

    def __init__(self, seed):
        self.state = seed * 7919 + 17

    def below(self, n):
        self.state = (self.state * 16807 + 11) % 2147483
        return self.state * n // 2147483


class Line:
    """One direction: `rate` bytes a millisecond, one byte in `one_in` damaged."""

    def __init__(self, chance, one_in, rate=12):
        self.chance = chance
        self.one_in = one_in
        self.rate = rate
        self.queue = b""
        self.carried = 0
        self._until = self._gap()

    def _gap(self):
        return self.chance.below(2 * self.one_in) if self.one_in else 1 << 29

    def step(self, sender, receiver, now, ms):
        room = self.rate * ms
        while len(self.queue) < room:
            frame = sender.data_to_send(now)
            if not frame:
                break
            assert len(frame) <= transport.MAX_WIRE + 1
            self.queue += frame
        out = self.queue[:room]
        self.queue = self.queue[room:]
        self.carried += len(out)
        if out:
            receiver.receive(self.damage(out), now)

    def damage(self, data):
        out = b""
        while self._until < len(data):
            at = self._until
            kind = self.chance.below(3)
            byte = data[at : at + 1]
            if kind == 0:
                byte = bytes((self.chance.below(256),))
            elif kind == 1:
                byte = b""
            else:
                byte = byte + byte
            out += data[:at] + byte
            data = data[at + 1 :]
            self._until = self._gap()
        self._until -= len(data)
        return out + data


class Pair:
    def __init__(self, seed=1, one_in=0, rate=12, ms=4, **device):
        chance = Chance(seed)
        self.host = Endpoint(1000 + seed, active=True)
        self.device = Endpoint(2000 + seed, **device)
        self.there = Line(chance, one_in, rate)
        self.back = Line(chance, one_in, rate)
        self.ms = ms
        self.now = 0

    def step(self):
        self.now += self.ms
        self.there.step(self.host, self.device, self.now, self.ms)
        self.back.step(self.device, self.host, self.now, self.ms)

    def open(self):
        self.until(lambda: self.host.state == self.device.state == OPEN, 20000)
        return self

    def until(self, done, limit_ms):
        limit = self.now + limit_ms
        while not done():
            assert self.now < limit, "took too long"
            self.step()


def pattern(n, seed):
    """n bytes with the zeros of encrypted data."""
    block = bytes((i * i + seed * 31 + (i >> 3)) & 0xFF for i in range(251))
    return (block * (n // 251 + 1))[:n]


def carry(pair, source, target, channel, data, limit_ms, times=1):
    """Carries the bytes, that many times in a row, and gives the milliseconds it took."""
    total = len(data) * times
    count = at = 0
    start = pair.now
    while count < total:
        assert pair.now - start < limit_ms, "took too long"
        if at < total:
            at += source.send(channel, data[at % len(data) :][:700])
        pair.step()
        while True:
            piece = target.read(channel)
            if piece is None:
                break
            place = count % len(data)
            assert piece == (data[place : place + len(piece)] + data)[: len(piece)]
            count += len(piece)
    assert count == total
    return pair.now - start


def test_a_clean_line_is_used_almost_fully():
    pair = Pair().open()
    data = pattern(4000, 1)
    took = carry(pair, pair.device, pair.host, 1, data, 10000, 10)
    assert pair.device.resent == 0
    assert 10 * len(data) / took > 12 * 0.93


def test_one_byte_in_a_thousand():
    for seed in range(12):
        pair = Pair(seed, one_in=1000).open()
        data = pattern(15000, seed)
        took = carry(pair, pair.device, pair.host, 1, data, 20000)
        assert pair.device.resent > 0
        assert len(data) / took > 12 * 0.4, len(data) / took


def test_very_bad_line_with_a_large_window():
    """Many small frames wait behind a lost one."""
    for seed in range(4):
        pair = Pair(seed, one_in=150, receive_buffer=8192, burst=8192).open()
        carry(pair, pair.host, pair.device, 1, pattern(8000, seed), 60000)


def test_a_gap_at_the_front_is_filled_last():
    pair = Pair(1, burst=8192, receive_buffer=8192).open()
    pair.host._payload = 64
    first = None
    for number in range(110):
        pair.host._largest = 64
        pair.host.send(1, bytes([number + 1]) * 64)
        frame = pair.host.data_to_send(pair.now)
        if first is None:
            first = frame
        else:
            pair.device.receive(frame, pair.now)
        for line in range(3):
            answer = pair.device.data_to_send(pair.now)
            if answer and number % 20 == 19:
                pair.host.receive(answer, pair.now)
    carry(pair, pair.host, pair.device, 0, b"x", 20000)
    got = b""
    for _ in range(400):
        pair.step()
        got += pair.device.read(1) or b""
    assert len(got) == 110 * 64
    assert got == b"".join(bytes([number + 1]) * 64 for number in range(110))


def test_small_port_buffer():
    """A chip's console holds 256 bytes: no more is ever under way to it."""
    pair = Pair(3, one_in=1000, burst=256, receive_buffer=1024).open()
    carry(pair, pair.host, pair.device, 1, pattern(6000, 3), 20000)
    assert pair.host._in_flight <= 256


def test_both_directions_and_channels():
    for seed in range(3):
        pair = Pair(seed + 50, one_in=1000, receive_buffer=1024, send_buffer=2048).open()
        down = [pattern(3000, 1), pattern(5000, 2)]
        up = [pattern(2500, 3), pattern(8000, 4)]
        sent = [[0, 0], [0, 0]]
        got = [[b"", b""], [b"", b""]]

        def done():
            for end, other, data, i in ((pair.host, pair.device, down, 0), (pair.device, pair.host, up, 1)):
                for channel in (0, 1):
                    sent[i][channel] += end.send(channel, data[channel][sent[i][channel] :])
                    got[i][channel] += other.read(channel) or b""
            return got == [down, up]

        pair.until(done, 30000)


def test_a_slow_reader_does_not_stop_the_other_channel():
    pair = Pair(receive_buffer=1024).open()
    data = pattern(8000, 1)
    sent = pair.host.send(1, data)
    for _ in range(200):
        pair.step()
        sent += pair.host.send(1, data[sent:])
    assert sent < 6000
    carry(pair, pair.host, pair.device, 0, b"control", 1000)
    got = b""
    for _ in range(2000):
        got += pair.device.read(1, 100) or b""
        sent += pair.host.send(1, data[sent:])
        pair.step()
    assert got == data


def test_end_of_stream():
    for one_in in (0, 300):
        pair = Pair(9, one_in=one_in).open()
        pair.host.send(1, b"first")
        pair.host.send_end(1)
        pair.host.send(1, b"second")
        got = []

        def done():
            piece = pair.device.read(1)
            if piece is not None:
                got.append(piece)
            return len(got) == 3

        pair.until(done, 20000)
        assert got == [b"first", b"", b"second"]


def test_long_stream_wraps_the_offset():
    pair = Pair(ms=20, rate=100).open()
    carry(pair, pair.device, pair.host, 1, pattern(5000, 5), 20000, 30)


def test_restart_of_either_end():
    for active in (True, False):
        pair = Pair(4, one_in=1000).open()
        carry(pair, pair.device, pair.host, 1, pattern(3000, 1), 20000)
        pair.device.send(1, b"under way")
        pair.host.send(1, b"under way")
        sessions = pair.device.session, pair.host.session
        if active:
            pair.host = Endpoint(77, active=True)
            pair.until(lambda: pair.device.session > sessions[0] and pair.host.state == OPEN, 20000)
        else:
            pair.device = Endpoint(78)
            pair.until(lambda: pair.host.session > sessions[1] and pair.device.state == OPEN, 20000)
        assert pair.device.read(1) is None and pair.host.read(1) is None
        carry(pair, pair.device, pair.host, 0, pattern(2000, 2), 20000)
        carry(pair, pair.host, pair.device, 1, pattern(2000, 2), 20000)


def test_device_restarts_and_all_its_hellos_are_lost():
    pair = Pair().open()
    pair.device = Endpoint(99)
    while pair.device.deadline() is not None:
        pair.now += 100
        pair.device.data_to_send(pair.now)
    pair.host.send(0, b"hello?")
    pair.until(lambda: pair.host.session == 2, 5000)
    carry(pair, pair.host, pair.device, 0, b"again", 1000)


def test_a_silent_peer_ends_the_session():
    pair = Pair().open()
    pair.host.send(0, b"anybody?")
    now = pair.now
    for _ in range(1000):
        now += 50
        while pair.host.data_to_send(now):
            pass
        if pair.host.state == CLOSED:
            break
    assert 14000 < now - pair.now < 20000
    pair.now = now
    pair.open()
    assert pair.host.session == 2 and pair.device.session == 2


def test_stale_frame_of_an_earlier_session_is_dropped():
    pair = Pair().open()
    pair.host.send(0, b"old")
    stale = pair.host.data_to_send(pair.now)
    pair.host = Endpoint(5, active=True)
    pair.until(lambda: pair.host.state == OPEN and pair.device.session == 2, 5000)
    pair.device.receive(stale, pair.now)
    assert pair.device.read(0) is None
    assert pair.device.bad == 1


def test_boot_banner_and_echo_are_skipped():
    pair = Pair()
    banner = b"rst:0x1 (POWERON_RESET),boot:0x13\r\n" * 40
    pair.host.receive(banner, 0)
    pair.open()
    pair.host.send(0, b"x")
    frame = pair.host.data_to_send(pair.now)
    pair.host.receive(frame, pair.now)
    assert pair.host.read(0) is None


def test_data_beyond_the_credit_is_dropped():
    pair = Pair(receive_buffer=1024).open()
    pair.host._limit = [30000, 30000]
    sent = 0
    for _ in range(300):
        sent += pair.host.send(1, bytes(300))
        pair.step()
    assert sum(len(piece) for piece in pair.device._ready[1]) <= 1024
    assert sum(len(piece) for piece in pair.device._early[1].values()) <= 1024


def test_garbage_is_ignored():
    chance = Chance(8)
    pair = Pair().open()
    for round in range(60):
        junk = bytes(chance.below(256) if chance.below(20) else 0 for _ in range(200))
        pair.device.receive(junk, pair.now)
        pair.host.receive(junk[20:], pair.now)
        assert len(pair.device._part) <= transport.MAX_WIRE
    pair.until(lambda: pair.host.state == pair.device.state == OPEN, 20000)
    carry(pair, pair.host, pair.device, 0, b"still here", 5000)


def test_well_formed_frames_of_any_content_raise_no_error():
    """Right CRC, random body: what a faulty peer could send."""
    from binascii import crc32
    from struct import pack

    chance = Chance(21)
    pair = Pair().open()
    for _ in range(400):
        kind = (2, 3, 0x10, 0x11, 0x18, 0x17, 0x40, 0)[chance.below(8)]
        body = bytes([kind]) + bytes(chance.below(256) for _ in range(chance.below(20)))
        wire = cobs.encode(body + pack(">I", crc32(body, pair.device._receive_seed))) + b"\0"
        pair.device.receive(wire, pair.now)
        pair.device.read(chance.below(2))
        pair.device.data_to_send(pair.now)
        assert len(pair.device._early[0]) <= 65
