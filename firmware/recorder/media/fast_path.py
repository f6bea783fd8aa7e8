"""The packet path in viper: checks, tap, statistics and the new RTP header in one pass.

Here, and only here, the appliance reads and writes RTP headers (RFC 3550). `state` is that of one direction of a bridged
call (relay.py), in which packets of one leg's stream become packets of one continuous stream towards the other leg: an
array of 32-bit words. `control` is the state of the audio frame that is being filled (tap.py). Nothing here allocates, and
no number needs more than 32 bits.
"""

import time
from array import array

import micropython

from testigo_wire.compat import const

# `state`, by word (the two SSRCs are kept as bytes, in network order)
SSRC_IN = const(0)
SSRC_OUT = const(1)
LENGTH = const(2)  # of the stream's usual packet; 0 until one was seen
PAYLOAD_TYPE = const(3)
LEG = const(4)
SEQ_MAX = const(5)  # highest sequence number, extended by its cycles
SEQ_BASE = const(6)
RECEIVED = const(7)
LATE = const(8)
BYTES = const(9)
JITTER = const(10)  # 16 times the estimate of RFC 3550 section 6.4.1, in 1/8000 s
TRANSIT = const(11)
SEQ_DELTA = const(12)
TS_DELTA = const(13)
SEQ_OUT = const(14)  # what was sent last
TS_OUT = const(15)
SENT_MS = const(16)
MARK = const(17)  # the next packet starts a talkspurt
SCRATCH = const(18)
FORWARD = const(19)  # 0: packets are dropped; 1: they are passed on; 2: they are passed on after mixing
TOO_LONG = const(20)  # packets beyond LONGEST_PACKET: passed on, not recorded
ALIGN = const(21)  # the next packet is numbered so that it follows what was sent last
EVENT_TYPE = const(22)  # payload type of telephone events, or NO_EVENTS
EVENT_TIME = const(23)  # timestamp of the last event
EVENT_SEEN = const(24)  # 1: there was an event
BAD_SEQ = const(25)  # the sequence number that confirms a restart (RFC 3550 appendix A.1), or NO_BAD_SEQ
END = const(26)  # set by `classify`: where the packet ends, and its payload begins and ends
PAYLOAD = const(27)
PAYLOAD_END = const(28)
STATE_WORDS = const(29)

# `control`, by word
POSITION = const(0)  # where the next packet goes in the frame; 0 while nothing is recorded
STARTED = const(1)  # ticks of the frame's first packet
LIMIT = const(2)  # a frame filled beyond this position is sealed
FIRST = const(3)  # position of the frame's first packet
WORDS = const(4)  # 1 where the processor takes words at any address, in any order of bytes
CONTROL_WORDS = const(5)

FRAME_MS = const(220)  # the first packet that comes this late is the last of its frame: a frame holds at most 250 ms
LONGEST_PACKET = const(1000)  # that is recorded; a frame is sealed as long as it has room for one more
# As in testigo_wire/recording/audio_frame.py: viper code can use numbers of its own module only. A test holds both equal.
PACKET_HEAD = const(5)
TICKS_MASK = const(0x3FFFFFFF)
SAMPLES = const(160)  # of a packet of 20 ms
SILENCE = {"PCMU": 0xFF, "PCMA": 0xD5}  # the code of a sample of 0

# The restart rule of RFC 3550 appendix A.1: a step of MAX_DROPOUT or more, up to MAX_LATE, is a jump. One jumping packet may
# be a stray; two with consecutive numbers mean that the sender has restarted its numbers.
MAX_DROPOUT = const(3000)
MAX_LATE = const(0xFF9C)  # RTP_SEQ_MOD - MAX_MISORDER
NO_BAD_SEQ = const(0x10000)
NO_EVENTS = const(255)  # in the place of a payload type

# `mode` of `forward`
USUAL = const(0)  # only a packet of the usual length, type and source
CHECKED = const(1)  # any packet: the caller has classified it
TAP_ONLY = const(2)  # keep the packet, and leave it and the state as they are

# what `forward` returns
SLOW = const(0)  # nothing was done: to be classified first
SEND = const(1)
SEND_AND_SEAL = const(3)

# what `classify` returns: the kind, and flags
FOREIGN = const(0)  # not RTP, not of the session, or cut off
AUDIO = const(1)
EVENT = const(2)
KEY = const(3)  # the first packet of an event
KIND = const(3)  # the mask of the kind
BEGINS = const(4)  # first packet of a source, or of restarted sequence numbers
JUMPS = const(8)  # either a stray or the first packet after a restart

RX_SIZE = const(2064)  # of the receive buffer: twelve packets of 20 ms, which may wait while a frame is written


def ticks():
    """The time in milliseconds as the words above keep it: 30 bits, also on a port whose own ticks are wider."""
    return time.ticks_ms() & TICKS_MASK


def since(now, earlier):
    """-> milliseconds from one `ticks` to a later one, less than 12 days apart."""
    return (now - earlier) & TICKS_MASK


def new_state():
    state = array("I", (0 for _ in range(STATE_WORDS)))
    state[BAD_SEQ] = NO_BAD_SEQ
    state[EVENT_TYPE] = NO_EVENTS
    return state


def new_control():
    return array("I", (0 for _ in range(CONTROL_WORDS)))


@micropython.viper
def forward(rx: ptr8, off: int, n: int, state: ptr32, control: ptr32, frame: ptr8, now: int, mode: int) -> int:
    """Copy the packet rx[off:off+n] into the frame, count it, and give it the header of the stream it goes out in.

    now: ticks(). -> SEND; SEND_AND_SEAL when the frame is then full or old; SLOW in mode USUAL (`off` is then 0) when the
    packet is not a usual one.
    """
    state8 = ptr8(state)
    now = now & TICKS_MASK
    sequence = (rx[off + 2] << 8) | rx[off + 3]
    step = (sequence - state[SEQ_MAX]) & 0xFFFF
    if not mode:
        if n != state[LENGTH] or state[FORWARD] != 1 or state[ALIGN]:
            return SLOW
        if rx[0] >> 6 != 2 or (rx[1] & 127) != state[PAYLOAD_TYPE]:
            return SLOW
        if rx[8] != state8[0] or rx[9] != state8[1] or rx[10] != state8[2] or rx[11] != state8[3]:
            return SLOW
        if step >= MAX_DROPOUT and step <= MAX_LATE:
            return SLOW
    result = SEND

    # the frame: leg, milliseconds since its first packet, length, the packet as it came
    position = control[POSITION]
    if position:
        if n > LONGEST_PACKET:
            state[TOO_LONG] = state[TOO_LONG] + 1
        else:
            if position == control[FIRST]:
                control[STARTED] = now
            age = (now - control[STARTED]) & TICKS_MASK
            at = int(frame) + position
            d = ptr8(at)
            d[0] = state[LEG]
            d[1] = age >> 8
            d[2] = age
            d[3] = n >> 8
            d[4] = n
            at += PACKET_HEAD
            source = int(rx) + off
            end = source + n
            last = end - 31
            if control[WORDS] or (at | source) & 3 == 0:
                while source < last:
                    dw = ptr32(at)
                    sw = ptr32(source)
                    dw[0] = sw[0]
                    dw[1] = sw[1]
                    dw[2] = sw[2]
                    dw[3] = sw[3]
                    dw[4] = sw[4]
                    dw[5] = sw[5]
                    dw[6] = sw[6]
                    dw[7] = sw[7]
                    at += 32
                    source += 32
            last = end - 7
            while source < last:  # constant offsets to moving pointers are single instructions in viper
                d = ptr8(at)
                s = ptr8(source)
                d[0] = s[0]
                d[1] = s[1]
                d[2] = s[2]
                d[3] = s[3]
                d[4] = s[4]
                d[5] = s[5]
                d[6] = s[6]
                d[7] = s[7]
                at += 8
                source += 8
            while source < end:
                d = ptr8(at)
                s = ptr8(source)
                d[0] = s[0]
                at += 1
                source += 1
            position += PACKET_HEAD + n
            control[POSITION] = position
            if age >= FRAME_MS or position > control[LIMIT]:
                result = SEND_AND_SEAL
    if mode == TAP_ONLY:
        return result

    # statistics (RFC 3550 appendices A.1 and A.8); words wrap at 32 bits on every port
    state[RECEIVED] = state[RECEIVED] + 1
    state[BYTES] = state[BYTES] + n
    newest = 1
    if step == 0 or step > 0x7FFF:
        state[LATE] = state[LATE] + 1
        newest = 0
    else:
        state[SEQ_MAX] = state[SEQ_MAX] + step
    timestamp = (rx[off + 4] << 24) | (rx[off + 5] << 16) | (rx[off + 6] << 8) | rx[off + 7]
    transit = now * 8 - timestamp
    state[SCRATCH] = transit - state[TRANSIT]
    state[TRANSIT] = transit
    change = state[SCRATCH]
    if change >> 31:  # negative in 32 bits, on a port of either word size
        state[SCRATCH] = 0 - change
        change = state[SCRATCH]
    if newest and change < 0xFFFFF:
        state[JITTER] = state[JITTER] + change - ((state[JITTER] + 8) >> 4)

    # the header with which it goes out
    sequence += state[SEQ_DELTA]
    state[SCRATCH] = timestamp + state[TS_DELTA]
    timestamp = state[SCRATCH]
    rx[off + 2] = sequence >> 8
    rx[off + 3] = sequence
    rx[off + 4] = timestamp >> 24
    rx[off + 5] = timestamp >> 16
    rx[off + 6] = timestamp >> 8
    rx[off + 7] = timestamp
    rx[off + 8] = state8[4]
    rx[off + 9] = state8[5]
    rx[off + 10] = state8[6]
    rx[off + 11] = state8[7]
    if state[MARK]:
        rx[off + 1] = rx[off + 1] | 128
        state[MARK] = 0
    if newest:
        state[SEQ_OUT] = sequence & 0xFFFF
        state[TS_OUT] = timestamp
        state[SENT_MS] = now
    return result


@micropython.viper
def classify(rx: ptr8, start: int, n: int, state: ptr32) -> int:
    """-> kind and flags of the packet that begins at rx[start], of n bytes received; END, PAYLOAD, PAYLOAD_END are set.

    Nothing separates datagrams that were read together. A packet ends where the next header of the same source is found, with
    its SSRC and a sequence number that is close; or, after as many bytes as usual, a header of the same payload type.
    """
    state8 = ptr8(state)
    head = ptr8(int(rx) + start)
    payload_type = head[1] & 127
    sequence = (head[2] << 8) | head[3]
    audio = payload_type == state[PAYLOAD_TYPE]
    last = n - 12
    end = n
    at = start + state[LENGTH]
    if audio and at > start and at <= last and rx[at] == head[0] and (rx[at + 1] & 127) == payload_type:
        end = at
    else:
        at = start + 12
        while at <= last:
            h = ptr8(int(rx) + at)
            if h[8] == head[8] and h[9] == head[9] and h[10] == head[10] and h[11] == head[11] and h[0] >> 6 == 2:
                step = ((h[2] << 8) | h[3]) - sequence
                if step or (h[4] == head[4] and h[5] == head[5] and h[6] == head[6] and h[7] == head[7]):
                    if (step + 64) & 0xFFFF < 128:  # 0: the network's copy of this packet
                        end = at
                        last = 0
            at += 1
    state[END] = end

    # RFC 3550 section 5.1: CSRCs, section 5.3.1: extension, padding
    payload = start + 12 + ((head[0] & 15) << 2)
    payload_end = end
    if head[0] & 16:
        payload += 4
        if payload <= end:
            payload += ((rx[payload - 2] << 8) | rx[payload - 1]) << 2
    if head[0] & 32:
        payload_end = end - rx[end - 1]
    if payload > end:
        payload = end
    if payload_end < payload:
        payload_end = payload
    state[PAYLOAD] = payload
    state[PAYLOAD_END] = payload_end

    if head[0] >> 6 != 2:
        return FOREIGN
    result = AUDIO
    if audio:
        if end == RX_SIZE and end - start < state[LENGTH]:
            return FOREIGN  # the buffer's end cut it
    elif payload_type == state[EVENT_TYPE] and payload + 4 <= payload_end:
        result = EVENT
        state[SCRATCH] = (head[4] << 24) | (head[5] << 16) | (head[6] << 8) | head[7]
        # RFC 4733: all packets of an event have one timestamp
        if not state[EVENT_SEEN] or state[SCRATCH] != state[EVENT_TIME]:
            state[EVENT_SEEN] = 1
            state[EVENT_TIME] = state[SCRATCH]
            result = KEY
    else:
        return FOREIGN

    if state[FORWARD]:
        same = head[8] == state8[0] and head[9] == state8[1] and head[10] == state8[2] and head[11] == state8[3]
        if state[ALIGN] or not same:
            return result + BEGINS
        step = (sequence - state[SEQ_MAX]) & 0xFFFF
        if step >= MAX_DROPOUT and step <= MAX_LATE:
            if sequence == state[BAD_SEQ]:
                return result + BEGINS
            state[BAD_SEQ] = (sequence + 1) & 0xFFFF
            return result + JUMPS
    return result


@micropython.viper
def begin_source(rx: ptr8, start: int, state: ptr32, now: int):
    """The packet at rx[start] is the first of its source, or after a restart: set what maps its numbers to the stream out."""
    state8 = ptr8(state)
    head = ptr8(int(rx) + start)
    sequence = (head[2] << 8) | head[3]
    timestamp = (head[4] << 24) | (head[5] << 16) | (head[6] << 8) | head[7]
    same = head[8] == state8[0] and head[9] == state8[1] and head[10] == state8[2] and head[11] == state8[3]
    step = (sequence - state[SEQ_MAX]) & 0xFFFF
    if not state[RECEIVED] or not same or (step >= MAX_DROPOUT and step <= MAX_LATE):
        # Other numbers than so far. What was lost before stays counted: the base moves by as much.
        state[SCRATCH] = state[SEQ_MAX] - state[SEQ_BASE]
        state[SEQ_MAX] = 0x10000 + ((sequence - 1) & 0xFFFF)
        state[SEQ_BASE] = state[SEQ_MAX] - state[SCRATCH]
    state8[0] = head[8]
    state8[1] = head[9]
    state8[2] = head[10]
    state8[3] = head[11]
    state[BAD_SEQ] = NO_BAD_SEQ
    state[ALIGN] = 0
    state[SEQ_DELTA] = (state[SEQ_OUT] + 1 - sequence) & 0xFFFF
    elapsed = (now - state[SENT_MS]) & TICKS_MASK
    if not state[SENT_MS] or elapsed < 20:
        elapsed = 20
    state[TS_DELTA] = state[TS_OUT] + (elapsed << 3) - timestamp
    state[TRANSIT] = (now << 3) - timestamp


@micropython.viper
def stamp(packet: ptr8, state: ptr32, payload_type: int, samples: int, now: int):
    """Write the 12-byte RTP header of the next packet that the appliance itself sends in this stream. now: ticks()."""
    state8 = ptr8(state)
    sequence = state[SEQ_OUT] + 1
    timestamp = state[TS_OUT] + samples
    packet[0] = 128
    packet[1] = payload_type
    if state[MARK]:
        packet[1] = payload_type | 128
        state[MARK] = 0
    packet[2] = sequence >> 8
    packet[3] = sequence
    packet[4] = timestamp >> 24
    packet[5] = timestamp >> 16
    packet[6] = timestamp >> 8
    packet[7] = timestamp
    packet[8] = state8[4]
    packet[9] = state8[5]
    packet[10] = state8[6]
    packet[11] = state8[7]
    state[SEQ_OUT] = sequence & 0xFFFF
    state[TS_OUT] = timestamp
    state[SENT_MS] = now
