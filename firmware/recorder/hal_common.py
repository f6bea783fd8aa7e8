"""What both ports of the HAL share: sockets in asyncio, the clock, garbage collection."""

import gc
import os
import socket
import sys
import time

from recorder import udp_poll

SHORT_COLLECTION_US = 5000
SMALL_HEAP = 400000
LARGE_HEAP = 700000  # room for all code and some calls
BESIDE_CALLS = 200000  # free at the start, where a session with the vault can run beside a call
COLLECT_EVERY = 8192
WATCHDOG_MS = 60000  # a handshake of TLS and a look-up of a name that fails stay far below it
FRAMES = 64  # a collection every so many frames at least: 15 s of one call
LOW_SHARE = 6  # where collecting is slow: only when less than a sixth of what is used is free


def _is_numeric(host):
    return host.replace(".", "").isdigit()


class CommonHal:
    clock = 0
    SLOW_TLS = False
    SIP_RATE = 6
    CAN_PEEK = False
    unaligned_words = False
    openssl = None
    recv = None
    HANDLES = None

    def __init__(self, board):
        self.board = board
        self.calls = 0
        self._ticks = time.ticks_ms()
        self._ms = 0
        self._clock_offset = 0
        self._frames = 0
        self._every = FRAMES
        self._log = None
        self._looked_up = {}  # numeric addresses by name: the hosts of the settings
        self._queue = udp_poll.install(self._failed)
        gc.collect()
        self.heap_large = gc.mem_free() > LARGE_HEAP
        self.heap_small = board.HEAP_SMALL or gc.mem_free() < BESIDE_CALLS
        if gc.mem_free() < SMALL_HEAP:
            # Objects that stay for long are then close together: a small heap must keep large free blocks.
            gc.threshold(COLLECT_EVERY)
        self._quick = min(self._time_collection(), self._time_collection()) < SHORT_COLLECTION_US

    def _time_collection(self):
        start = time.ticks_us()
        gc.collect()
        return time.ticks_diff(time.ticks_us(), start)

    def log_to(self, log):
        """log: the Log that counts exceptions of packet handlers."""
        self._log = log

    def _failed(self, exc):
        if self._log:
            try:
                self._log.fault("packet handler", exc)
            except MemoryError:
                pass  # without memory the packet is lost, the calls go on

    def ms(self):
        ticks = time.ticks_ms()
        self._ms += time.ticks_diff(ticks, self._ticks)
        self._ticks = ticks
        return self._ms

    def random(self, n):
        return os.urandom(n)

    def address(self, host, port):
        raw = socket.getaddrinfo(self._looked_up.get(host, host) if self.calls else host, port)[0][-1]
        if not _is_numeric(host):
            self._looked_up[host] = self.peer(raw)[0]
        return raw

    def is_known(self, host):
        return not self.calls or host in self._looked_up or _is_numeric(host)

    def udp(self, host, port):
        sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        try:
            sock.bind(self.address(host, port))
        except OSError:
            sock.close()
            raise
        sock.setblocking(False)
        return sock

    def tcp(self, host, port):
        sock = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        sock.setblocking(False)
        try:
            sock.connect(self.address(host, port))
        except OSError as exc:
            # EINPROGRESS: 115 on Unix, 119 in lwIP
            if exc.errno not in (115, 119):
                sock.close()
                raise
        return sock

    def must_grow(self, calls):
        return False

    def limits(self):
        return gc.mem_free() + gc.mem_alloc(), sys.maxsize > 1 << 32, self.HANDLES

    def source(self, host, port):
        return self.address(host, port)

    def peek(self, sock, size):
        return None

    def hold_many(self, sock):
        pass

    def on_readable(self, sock, handler, media=True):
        self._queue.watch(sock, handler, media)

    def forget(self, sock):
        self._queue.forget(sock)

    def flusher(self):
        return None  # a chip's flash stops the whole chip while it writes

    async def flush(self, file, flusher=None):
        flusher = flusher or self.flusher()
        if flusher:
            await flusher.finish(file)
        else:
            file.flush()

    def free_bytes(self, folder=None):
        stat = os.statvfs(folder or self.spool_root)
        free = stat[4]  # without what is kept for the super-user
        # LittleFS may count a block twice: when it is full the number falls below 0, which reads as billions on 64 bits.
        return stat[1] * free if 0 < free <= stat[2] else 0

    def collect(self):
        self._frames += 1
        if self._frames >= self._every:
            self._frames = 0
            if self.make_room(True):
                self._every = max(FRAMES, gc.mem_free() >> 13)  # 1.5 KB a frame: a fifth of what is free

    def make_room(self, quick=False):
        if not self.calls or quick and self._quick or gc.mem_free() < gc.mem_alloc() // LOW_SHARE:
            gc.collect()
            return True
        return False
