"""The contract between the recorder and the machine under it.

Everything that touches hardware, the network stack, the clock or the console is
behind one object, made by `open_hal`.  `hal_unix.py` and `hal_esp32.py` implement
it; no other file of the recorder imports a hardware module.

    board          the board's module: NAME, CHIP, HAL, HEAP_SMALL and its pins
    heap_small     no room for a session beside a call: the board says so, or this heap is one of that size
    heap_large     room for code that is rarely needed
    root           folder of the device's files, without a slash at the end
    spool_root     folder for recordings: on the memory card where the board has one
    serial         SerialPort below, or None where the board has no usable port
    ms()           milliseconds since boot; they do not wrap
    unix_ms()      milliseconds since 1970, right only as far as `clock` says
    set_unix_ms(t) sets the wall clock
    clock          0 never set, 1 kept over a reset (approximate), 2 set in this run
    random(n)      n bytes of the system's entropy source, as good as that source is
    network(settings)  coroutine: brings the link up, gives the local IPv4 address; None without a network
    address(host, port)  what sendto, connect and bind take; raises OSError. The look-up of a name stops the event loop: beside
                   calls the answer of the last one is used
    is_known(host) whether `address` needs no look-up that could hold up calls
    peer(raw)      (host, port) of an address that recvfrom gave
    source(host, port)   the address that recvfrom gives for a datagram from there
    udp(host, port)    bound, non-blocking datagram socket
    tcp(host, port)    stream socket whose connect has begun, non-blocking
    on_readable(sock, fn, media=True)  fn() is called from the event loop while sock is readable: those of media
                   first, and they read all that waits; others read a few datagrams
    CAN_PEEK       whether `peek` works; else it gives None
    peek(sock, size)   (first bytes, address) of the next datagram, which stays; raises OSError where there is none
    hold_many(sock)    has the system keep many datagrams of this socket, where it can
    must_grow(calls)     whether a restart gives the heap that so many calls need
    limits()       (bytes of heap or None: it grows with the settings, whether words have 64 bits, files and sockets that can
                   be open or None), for testigo_wire.policy.limits
    SIP_RATE       messages a second of unknown sources, of each kind, that the machine can process beside its calls
    forget(sock)       takes that back; call it before close
    recv           None, or recv(descriptor, buf, size, flags) of the C library: -> how many bytes came, or less than 0
    openssl        None, or the module hal_unix_openssl.py: faster than hashlib and cryptolib
    unaligned_words    whether the processor takes words of 32 bits at any address
    flusher()      a Flusher (hal_unix_flush.py), which flushes a file beside the event loop; None where the port cannot
    flush(file, flusher=None)  coroutine: file.flush(), during which the event loop runs where the port can do that; raises
                   OSError. flusher: the file's own, if it has one
    make_room(quick=False)  garbage collection before something large is loaded; beside calls only where memory is short,
                   or, if `quick`, where a collection is -> whether it was done
    SLOW_TLS       whether a TLS handshake stops the event loop for longer than a call may be silent
    free_bytes(folder)  free space of the file system of that folder, by default of the recordings'
    kept_stage()   (stage, tries) that keep_stage kept before the last restart, (0, 0) after a loss of power (on a chip)
    keep_stage(stage, tries)  keeps two numbers, 0 to 255, over a restart; never raises
    watch()        from now on the machine is restarted unless `feed` is called within WATCHDOG_MS
    feed()         proof that the event loop makes progress; never raises
    collect()      garbage collection at a moment when no audio is late (see below)
    reset(service=False)  restarts the machine, into service mode if asked; on Unix the
                   process ends with status 3

    service_asked(board)  (of the module) whether a technician asked for the REPL in place of the recorder
    crashed(exc)       (of the module) for an exception that nothing caught: a chip keeps it for the log of the next
                   start and restarts; False where the process ends by the exception

    SerialPort.read_into(buf) -> count   bytes that have arrived, 0 if none; never waits
    SerialPort.write(buf, n) -> count    bytes taken of buf[:n]; never waits
    SerialPort.ROOM                      bytes that may arrive unread before any is lost
    SerialPort.PACE                      bytes to write every 8 ms, so that none waits

`collect` is called after an audio frame was sealed and the sockets are drained.
Hash objects of MicroPython cannot be reused, so each frame leaves a little garbage
(packets leave none).  On a small heap a collection takes about 2 ms and is done
right there; where one takes longer it waits until no call is up or memory is short.
"""


class HalError(Exception):
    """The machine cannot do what was requested. The text says what, and why."""


def port(board):
    """The module that implements the contract for a board: `board.HAL` names it."""
    return __import__("recorder." + board.HAL, None, None, ("Hal",))


def open_hal(board, arguments):
    """arguments: dict of str, from the command line (Unix) or empty."""
    return port(board).Hal(board, arguments)
