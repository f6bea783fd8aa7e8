"""How many calls at a time can work: what `max_calls` of the settings needs of ports, memory and file handles.

The host checks settings with it before they are signed, the appliance before they come into force, and the virtual appliance
takes the size of its heap from it. Measured figures: docs/memory.md.
"""

from testigo_wire.compat import const

MOST = const(200)  # the event loop is one thread: what a fast core bridges
PORTS = const(2)  # RTP ports of a call, at even numbers
HANDLES = const(3)  # of a call: two sockets and its recording
OTHER_HANDLES = const(24)
# Bytes of heap: without calls, for each call that is recorded; with 64-bit words, with 32-bit words
HEAP_64 = (614400, 65536)
HEAP_32 = (153600, 36864)


def heap_for(calls, wide):
    """-> bytes of heap that so many recorded calls need. wide: 64-bit words."""
    base, each = HEAP_64 if wide else HEAP_32
    return base + calls * each


def beyond(max_calls, first_port, last_port, handles=None):
    """-> how many calls more than max_calls can be connected without recording: as many again, as far as RTP ports and file
    handles are enough. What one emergency call needs is left over. handles: as of `check`."""
    room = min((last_port - first_port + 1) // 2 // PORTS, MOST)
    if handles is not None:
        room = min(room, (handles - OTHER_HANDLES) // HANDLES)
    return max(0, min(room - max_calls - 1, max_calls))


def check(max_calls, first_port, last_port, heap=None, wide=True, handles=None):
    """-> (how many calls can work, why not more: "" where it is all of them).

    heap: bytes of this machine, handles: files and sockets that it can open; None: not known, or without a limit. One call
    is always taken: settings hold the network too.
    """
    calls, why = max_calls, ""
    if calls > MOST:
        calls, why = MOST, "one appliance takes %d at most" % MOST
    wanted = calls
    ports = (last_port - first_port + 1) // 2 // PORTS
    if ports < calls:
        last = first_port + 2 * PORTS * wanted - 1
        calls, why = ports, "the RTP ports are enough for %d: rtp_last_port %d is needed" % (ports, last)
    if handles is not None:
        open_calls = (handles - OTHER_HANDLES) // HANDLES
        if open_calls < calls:
            calls, why = (
                open_calls,
                "this machine opens %d files and sockets, enough for %d" % (handles, max(open_calls, 1)),
            )
    if heap is not None and calls > 1:
        base, each = HEAP_64 if wide else HEAP_32
        held = (heap - base) // each
        if held < calls:
            need = (heap_for(wanted, wide) + 1023) // 1024
            calls, why = (
                held,
                "its heap of %d KiB is enough for %d: %d KiB are needed" % (heap // 1024, max(held, 1), need),
            )
    return max(calls, 1), why
