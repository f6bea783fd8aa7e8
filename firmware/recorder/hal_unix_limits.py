"""What this process may take of Linux: files, heap, the kernel's buffers. Loaded when settings are read, and unloaded."""

# Of Linux; MicroPython does not name them.
SOL_SOCKET = 1
SO_RCVBUF = 8
RECEIVE_BUFFER = 1 << 20


def open_files():
    """How many files and sockets this process may have, or None."""
    try:
        with open("/proc/self/limits") as file:
            for line in file:
                if line.startswith("Max open files"):
                    return int(line.split()[3])
    except (OSError, ValueError):
        pass  # no such limit, or it cannot be read
    return None


def heap_for(calls, wide):
    """As of testigo_wire/policy/limits.py."""
    from recorder.loading import unload
    from testigo_wire.policy import limits

    unload("testigo_wire.policy.limits")
    return limits.heap_for(calls, wide)


def hold_many(sock):
    """Let the kernel hold more datagrams that wait at a socket."""
    try:
        sock.setsockopt(SOL_SOCKET, SO_RCVBUF, RECEIVE_BUFFER)
    except OSError:
        pass  # it works with less
