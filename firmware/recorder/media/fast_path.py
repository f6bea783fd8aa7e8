"""The packet path in viper: checks, tap, statistics and the new RTP header in one pass.

A `flow` is one direction of a bridged call: packets of one leg's RTP stream
(RFC 3550) become packets of one continuous stream towards the other leg.  Its state
is an array of 32-bit words; `control` is the state of the frame that is being
filled.  Nothing here allocates, and no number needs more than 32 bits.
"""

import time
from array import array

import micropython
from micropython import const

# flow, by word (the two SSRCs are kept as bytes, in network order)
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
FORWARD = const(19)  # 1: packets pass; 2: they pass, and each is to be changed; 0: they do not
TOO_LONG = const(20)  # packets that no frame takes
FLOW_WORDS = const(21)

# control, by word
POSITION = const(0)  # where the next packet goes in the frame; 0 while nothing is recorded
STARTED = const(1)  # ticks of the frame's first packet
LIMIT = const(2)
FIRST = const(3)  # position of the frame's first packet
CONTROL_WORDS = const(4)

FRAME_MS = const(220)  # a frame is sealed by the packet that finds it this old: it holds at most 250 ms
RECORD_HEAD = const(5)
TICKS_MASK = const(0x3FFFFFFF)

# what relay returns
ODD = const(0)
SEND = const(1)
SEND_AND_SEAL = const(3)


def ticks():
    """Milliseconds as the words above keep them: 30 bits, on a port whose own ticks are wider too."""
    return time.ticks_ms() & TICKS_MASK


def since(now, earlier):
    """Milliseconds from one `ticks` to a later one, less than 12 days apart."""
    return (now - earlier) & TICKS_MASK


def new_flow():
    return array("I", (0 for _ in range(FLOW_WORDS)))


def new_control():
    return array("I", (0 for _ in range(CONTROL_WORDS)))


@micropython.viper
def relay(rx: ptr8, off: int, n: int, flow: ptr32, control: ptr32, frame: ptr8, now: int, odd: int) -> int:
    """Taps rx[off:off+n] into the frame and gives it the header of the stream it goes out in.

    Returns ODD and does nothing where this is not the flow's usual packet; `odd` set
    skips that test, the caller having made it.
    """
    flow8 = ptr8(flow)
    if not odd:
        if n != flow[LENGTH] or flow[FORWARD] != 1:
            return ODD
        if rx[0] >> 6 != 2 or (rx[1] & 127) != flow[PAYLOAD_TYPE]:
            return ODD
        if rx[8] != flow8[0] or rx[9] != flow8[1] or rx[10] != flow8[2] or rx[11] != flow8[3]:
            return ODD
    result = SEND

    # the frame: leg, milliseconds since the frame began, length, packet as it came
    position = control[POSITION]
    if position:
        if n > 1000:
            flow[TOO_LONG] = flow[TOO_LONG] + 1
        else:
            if position == control[FIRST]:
                control[STARTED] = now
            age = (now - control[STARTED]) & TICKS_MASK
            at = int(frame) + position
            d = ptr8(at)
            d[0] = flow[LEG]
            d[1] = age >> 8
            d[2] = age
            d[3] = n >> 8
            d[4] = n
            at += RECORD_HEAD
            source = int(rx) + off
            end = source + n
            last = end - 7
            while source < last:  # moving pointers and constant offsets are single instructions in viper
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
            position += RECORD_HEAD + n
            control[POSITION] = position
            if age >= FRAME_MS or position > control[LIMIT]:
                result = SEND_AND_SEAL

    # statistics (RFC 3550 appendix A); words wrap at 32 bits on every port
    flow[RECEIVED] = flow[RECEIVED] + 1
    flow[BYTES] = flow[BYTES] + n
    sequence = (rx[off + 2] << 8) | rx[off + 3]
    step = (sequence - flow[SEQ_MAX]) & 0xFFFF
    newest = 1
    if step == 0 or step > 0x7FFF:
        flow[LATE] = flow[LATE] + 1
        newest = 0
    else:
        flow[SEQ_MAX] = flow[SEQ_MAX] + step
    timestamp = (rx[off + 4] << 24) | (rx[off + 5] << 16) | (rx[off + 6] << 8) | rx[off + 7]
    transit = now * 8 - timestamp
    flow[SCRATCH] = transit - flow[TRANSIT]
    flow[TRANSIT] = transit
    change = flow[SCRATCH]
    if change >> 31:  # negative in 32 bits, on a port of either word size
        flow[SCRATCH] = 0 - change
        change = flow[SCRATCH]
    if newest and change < 0xFFFFF:
        flow[JITTER] = flow[JITTER] + change - ((flow[JITTER] + 8) >> 4)

    # the header it goes out with
    sequence += flow[SEQ_DELTA]
    flow[SCRATCH] = timestamp + flow[TS_DELTA]
    timestamp = flow[SCRATCH]
    rx[off + 2] = sequence >> 8
    rx[off + 3] = sequence
    rx[off + 4] = timestamp >> 24
    rx[off + 5] = timestamp >> 16
    rx[off + 6] = timestamp >> 8
    rx[off + 7] = timestamp
    rx[off + 8] = flow8[4]
    rx[off + 9] = flow8[5]
    rx[off + 10] = flow8[6]
    rx[off + 11] = flow8[7]
    if flow[MARK]:
        rx[off + 1] = rx[off + 1] | 128
        flow[MARK] = 0
    if newest:
        flow[SEQ_OUT] = sequence & 0xFFFF
        flow[TS_OUT] = timestamp
        flow[SENT_MS] = now
    return result


@micropython.viper
def stamp(packet: ptr8, flow: ptr32, payload_type: int, samples: int, now: int):
    """Writes the 12-byte RTP header of the flow's next packet of our own making."""
    flow8 = ptr8(flow)
    sequence = flow[SEQ_OUT] + 1
    timestamp = flow[TS_OUT] + samples
    packet[0] = 128
    packet[1] = payload_type
    if flow[MARK]:
        packet[1] = payload_type | 128
        flow[MARK] = 0
    packet[2] = sequence >> 8
    packet[3] = sequence
    packet[4] = timestamp >> 24
    packet[5] = timestamp >> 16
    packet[6] = timestamp >> 8
    packet[7] = timestamp
    packet[8] = flow8[4]
    packet[9] = flow8[5]
    packet[10] = flow8[6]
    packet[11] = flow8[7]
    flow[SEQ_OUT] = sequence & 0xFFFF
    flow[TS_OUT] = timestamp
    flow[SENT_MS] = now
