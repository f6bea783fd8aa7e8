"""The clock of tests on MicroPython: time passes only while every task waits, and then at once.

`install` puts this module in the place of `time` and `select`, so the event loop, the HAL and the code under test share it.
A computation takes no time, however busy or slow the machine is. A wait of 300 ms moves the clock by 300 ms as soon as there
is nothing left to receive. A busy machine may deliver a datagram on loopback late, so before it moves, the clock sends one to
itself and waits for it: a CPU delivers in the order of sending, and `install` keeps the process on one CPU.
"""

import os
import select as _select
import socket
import sys
import time as _time
from select import POLLERR, POLLHUP, POLLIN, POLLOUT  # noqa: F401 - for those who import `select`
from time import gmtime, mktime, ticks_add, ticks_cpu, ticks_diff, ticks_us  # noqa: F401 - for those who import `time`

import ffi

# The event loop's queue is written in C and stamps a task that is to run at once with the system's time. This clock is ahead
# of that, so such a task is always due. Ticks can be compared while they are less than 2**29 ms apart.
AHEAD_MS = 10000000
FOREVER_MS = 3600000  # a wait without an end moves this far: what waits for nothing fails by its own time limit
TURNS = 100  # of an event loop that does not wait make a millisecond, so that no loop is without an end
PORTS = (3000, 4000)  # below those of the rigs
DELIVERY_LIMIT_MS = 20000

_now = _start = ticks_add(_time.ticks_ms(), AHEAD_MS)
_start_ns = _time.time_ns()
_itself = None
_without_time = []
_datagram = bytearray(1)
_arrival = _select.poll()


def install():
    """Called before anything else imports `time`, `select` or `asyncio`."""
    sys.modules["time"] = sys.modules["select"] = sys.modules[__name__]
    _stay_on_one_cpu()
    _connect_to_itself()


def _stay_on_one_cpu():
    libc = ffi.open("libc.so.6")
    cpu = libc.func("i", "sched_getcpu", "")()
    mask = bytearray(128)  # cpu_set_t
    mask[cpu // 8] = 1 << cpu % 8
    if libc.func("i", "sched_setaffinity", "iiP")(0, len(mask), mask):
        raise OSError("the process cannot be kept on CPU %d" % cpu)


def _connect_to_itself():
    global _itself
    while _itself is None:
        port = PORTS[0] + int.from_bytes(os.urandom(2), "big") % (PORTS[1] - PORTS[0])
        address = socket.getaddrinfo("127.0.0.1", port)[0][-1]
        sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        try:
            sock.bind(address)
        except OSError:
            sock.close()
        else:
            sock.connect(address)
            _arrival.register(sock, POLLIN)
            _itself = sock


def _deliver():
    """Returns when everything that this process has sent on loopback has arrived."""
    _itself.write(_datagram)
    for _ in _arrival.ipoll(DELIVERY_LIMIT_MS):
        _itself.readinto(_datagram)
        return
    raise OSError("loopback delivers nothing")


def let_flushes_take_no_time(flusher_class):
    """A flush beside the event loop (recorder/hal_unix_flush.py) is over as soon as it has begun, however slow the disk is."""
    if flusher_class in _without_time:
        return
    _without_time.append(flusher_class)
    runs = flusher_class.runs

    def waited_for(flusher):
        while runs(flusher):
            _time.sleep_ms(1)
        return False

    flusher_class.runs = waited_for


def advance(ms):
    """Moves the clock. A test awaits `asyncio.sleep_ms` instead, which lets others run at their times in between."""
    global _now
    _now = ticks_add(_now, ms)


def ticks_ms():
    return _now


def time_ns():
    return _start_ns + ticks_diff(_now, _start) * 1000000


def time():
    return time_ns() // 1000000000


sleep_ms = advance


class poll:  # noqa: N801 - as in `select`
    """select.poll whose wait moves the clock. Allocates nothing for a wait, as the original."""

    turns = 0  # of all of them, since the clock moved

    def __init__(self):
        self._poll = _select.poll()
        self.register = self._poll.register
        self.unregister = self._poll.unregister
        self.modify = self._poll.modify

    def ipoll(self, ms=-1, flags=0):
        poll.turns += 1
        if poll.turns >= TURNS:
            poll.turns = 0
            advance(1)
        if ms:
            _deliver()
            for _ in self._poll.ipoll(0):
                return self._poll.ipoll(0)
            poll.turns = 0
            advance(ms if ms > 0 else FOREVER_MS)
        return self._poll.ipoll(0)
