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
FORWARD = const(19)  # 0: packets are dropped; 1: they pass; 2: they pass, and each is changed first
TOO_LONG = const(20)  # packets that no frame takes
ALIGN = const(21)  # the next packet is numbered so that it follows what was sent last
EVENT_TYPE = const(22)  # payload type of telephone events; 255 without any
EVENT_TIME = const(23)  # timestamp of the last event
EVENT_SEEN = const(24)
BAD_SEQ = const(25)  # the number that proves a restart (RFC 3550 appendix A.1); 0x10000: none
END = const(26)  # set by `classify`: where the packet ends, and its payload begins and ends
PAYLOAD = const(27)
PAYLOAD_END = const(28)
FLOW_WORDS = const(29)

# control, by word
POSITION = const(0)  # where the next packet goes in the frame; 0 while nothing is recorded
STARTED = const(1)  # ticks of the frame's first packet
LIMIT = const(2)
FIRST = const(3)  # position of the frame's first packet
CONTROL_WORDS = const(4)

FRAME_MS = const(220)  # a frame is sealed by the packet that finds it this old: it holds at most 250 ms
LONGEST_PACKET = const(1000)  # that a frame takes; a frame is sealed while there is room for one more
# As testigo_wire/recording/audio_frame.py has it: viper takes numbers of its own module only. A test holds both equal.
PACKET_HEAD = const(5)
TICKS_MASK = const(0x3FFFFFFF)
SAMPLES = const(160)  # of a packet of 20 ms
SILENCE = {"PCMU": 0xFF, "PCMA": 0xD5}  # the code of a sample of 0

# The restart rule of RFC 3550 appendix A.1: a step of MAX_DROPOUT or more, up to MAX_LATE, is a jump. One jumping packet may
# be a stray; two with consecutive numbers mean that the sender has restarted its numbers.
MAX_DROPOUT = const(3000)
MAX_LATE = const(0xFF9C)  # RTP_SEQ_MOD - MAX_MISORDER
NO_BAD_SEQ = const(0x10000)

# how `relay` takes a packet
USUAL = const(0)  # only if it is the flow's usual one
CHECKED = const(1)  # the caller has classified it
TAP_ONLY = const(2)

# what `relay` returns
SLOW = const(0)
SEND = const(1)
SEND_AND_SEAL = const(3)

# what `classify` returns: the kind, and flags
FOREIGN = const(0)  # not RTP, not of the session, or cut off
AUDIO = const(1)
EVENT = const(2)
KEY = const(3)  # the first packet of an event
KIND = const(3)
BEGINS = const(4)  # of a source that begins, or begins anew
JUMPS = const(8)  # perhaps the first packet after a restart, perhaps a stray

RX_SIZE = const(2064)  # of the buffer: twelve packets of 20 ms, what may wait while a frame is written


def ticks():
    """Milliseconds as the words above keep them: 30 bits, on a port whose own ticks are wider too."""
    return time.ticks_ms() & TICKS_MASK


def since(now, earlier):
    """Milliseconds from one `ticks` to a later one, less than 12 days apart."""
    return (now - earlier) & TICKS_MASK


def new_flow():
    flow = array("I", (0 for _ in range(FLOW_WORDS)))
    flow[BAD_SEQ] = NO_BAD_SEQ
    flow[EVENT_TYPE] = 255
    return flow


def new_control():
    return array("I", (0 for _ in range(CONTROL_WORDS)))


@micropython.viper
def relay(rx: ptr8, off: int, n: int, flow: ptr32, control: ptr32, frame: ptr8, now: int, mode: int) -> int:
    """Taps rx[off:off+n] into the frame and gives it the header of the stream it goes out in.

    mode: USUAL returns SLOW and does nothing unless it is the flow's usual packet; CHECKED skips that test; TAP_ONLY leaves
    the packet and the flow as they are.
    """
    flow8 = ptr8(flow)
    sequence = (rx[off + 2] << 8) | rx[off + 3]
    step = (sequence - flow[SEQ_MAX]) & 0xFFFF
    if not mode:
        if n != flow[LENGTH] or flow[FORWARD] != 1 or flow[ALIGN]:
            return SLOW
        if rx[0] >> 6 != 2 or (rx[1] & 127) != flow[PAYLOAD_TYPE]:
            return SLOW
        if rx[8] != flow8[0] or rx[9] != flow8[1] or rx[10] != flow8[2] or rx[11] != flow8[3]:
            return SLOW
        if step >= MAX_DROPOUT and step <= MAX_LATE:
            return SLOW
    result = SEND

    # the frame: leg, milliseconds since the frame began, length, packet as it came
    position = control[POSITION]
    if position:
        if n > LONGEST_PACKET:
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
            at += PACKET_HEAD
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
            position += PACKET_HEAD + n
            control[POSITION] = position
            if age >= FRAME_MS or position > control[LIMIT]:
                result = SEND_AND_SEAL
    if mode == TAP_ONLY:
        return result

    # statistics (RFC 3550 appendix A); words wrap at 32 bits on every port
    flow[RECEIVED] = flow[RECEIVED] + 1
    flow[BYTES] = flow[BYTES] + n
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
def classify(rx: ptr8, start: int, n: int, flow: ptr32) -> int:
    """The packet that begins at rx[start], of the n bytes that came: its kind and flags; END and PAYLOAD words are set.

    Datagrams that waited together stand in rx without a mark between them. A packet ends where the next header of the same
    source is found: SSRC, and a sequence number close by; or a header of the session after as many bytes as usual.
    """
    flow8 = ptr8(flow)
    head = ptr8(int(rx) + start)
    payload_type = head[1] & 127
    sequence = (head[2] << 8) | head[3]
    audio = payload_type == flow[PAYLOAD_TYPE]
    last = n - 12
    end = n
    at = start + flow[LENGTH]
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
    flow[END] = end

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
    flow[PAYLOAD] = payload
    flow[PAYLOAD_END] = payload_end

    if head[0] >> 6 != 2:
        return FOREIGN
    result = AUDIO
    if audio:
        if end == RX_SIZE and end - start < flow[LENGTH]:
            return FOREIGN  # the buffer's end cut it
    elif payload_type == flow[EVENT_TYPE] and payload + 4 <= payload_end:
        result = EVENT
        flow[SCRATCH] = (head[4] << 24) | (head[5] << 16) | (head[6] << 8) | head[7]
        if (
            not flow[EVENT_SEEN] or flow[SCRATCH] != flow[EVENT_TIME]
        ):  # RFC 4733: the packets of an event share its start
            flow[EVENT_SEEN] = 1
            flow[EVENT_TIME] = flow[SCRATCH]
            result = KEY
    else:
        return FOREIGN

    if flow[FORWARD]:
        same = head[8] == flow8[0] and head[9] == flow8[1] and head[10] == flow8[2] and head[11] == flow8[3]
        if flow[ALIGN] or not same:
            return result + BEGINS
        step = (sequence - flow[SEQ_MAX]) & 0xFFFF
        if step >= MAX_DROPOUT and step <= MAX_LATE:
            if sequence == flow[BAD_SEQ]:
                return result + BEGINS
            flow[BAD_SEQ] = (sequence + 1) & 0xFFFF
            return result + JUMPS
    return result


@micropython.viper
def begin_source(rx: ptr8, start: int, flow: ptr32, now: int):
    """The source of the packet at rx[start] begins, or begins anew: its numbers are moved to where our stream stands."""
    flow8 = ptr8(flow)
    head = ptr8(int(rx) + start)
    sequence = (head[2] << 8) | head[3]
    timestamp = (head[4] << 24) | (head[5] << 16) | (head[6] << 8) | head[7]
    same = head[8] == flow8[0] and head[9] == flow8[1] and head[10] == flow8[2] and head[11] == flow8[3]
    step = (sequence - flow[SEQ_MAX]) & 0xFFFF
    if not flow[RECEIVED] or not same or (step >= MAX_DROPOUT and step <= MAX_LATE):
        # New numbers. What was lost so far stays lost: the base moves by as much.
        flow[SCRATCH] = flow[SEQ_MAX] - flow[SEQ_BASE]
        flow[SEQ_MAX] = 0x10000 + ((sequence - 1) & 0xFFFF)
        flow[SEQ_BASE] = flow[SEQ_MAX] - flow[SCRATCH]
    flow8[0] = head[8]
    flow8[1] = head[9]
    flow8[2] = head[10]
    flow8[3] = head[11]
    flow[BAD_SEQ] = NO_BAD_SEQ
    flow[ALIGN] = 0
    flow[SEQ_DELTA] = (flow[SEQ_OUT] + 1 - sequence) & 0xFFFF
    elapsed = (now - flow[SENT_MS]) & TICKS_MASK
    if not flow[SENT_MS] or elapsed < 20:
        elapsed = 20
    flow[TS_DELTA] = flow[TS_OUT] + (elapsed << 3) - timestamp
    flow[TRANSIT] = (now << 3) - timestamp


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
