"""The relay's way on Linux: native code, and recv() of the C library, which reads one datagram by one system call.

`readinto` of MicroPython's sockets calls the system a second time, to find that nothing more waits. On a chip neither is
worth the memory of this module.
"""

from time import ticks_ms

import micropython

from recorder.media import fast_path
from recorder.media.fast_path import forward

MSG_DONTWAIT = 0x40
# Names of this module are found faster than those of another one.
SIZE = fast_path.RX_SIZE
USUAL = fast_path.USUAL
SEND_AND_SEAL = fast_path.SEND_AND_SEAL
TICKS_MASK = fast_path.TICKS_MASK


def handler(relay, sock, recv):
    """-> what relay.on_readable is on a chip, for packets that come from `sock`. recv: of the HAL."""
    # Five names from outside, no more: for a closure of more MicroPython allocates at each call.
    descriptor, rx, tap = sock.fileno(), relay.rx, relay.tap

    @micropython.native
    def on_readable():
        n = recv(descriptor, rx, SIZE, MSG_DONTWAIT)
        if n < 1:
            return  # an empty datagram, or an ICMP answer to something sent earlier: the peer's port was not open yet
        now = ticks_ms()
        result = forward(rx, 0, n, relay.state, tap.control, tap.frame, now, USUAL)
        if not result:
            relay.slow_path(n, now & TICKS_MASK)
            return
        try:
            relay.sink.write(rx, n)
        except OSError:
            relay.dropped += 1
        if result == SEND_AND_SEAL:
            tap.flush()

    return on_readable
