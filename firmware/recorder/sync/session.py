"""One session with the vault: a stream, TLS on it, the link on that, and the link's events.

Loaded for as long as a session lasts (recorder/sync/scheduler.py).
"""

import asyncio

from recorder.sync.channel import ChannelError, open_serial, open_tcp
from recorder.sync.tls_stream import TlsError, TlsStream, context
from testigo_wire.errors import WireError
from testigo_wire.link import device as link

OPEN_MS = 15000
WRITE_MS = 30000
MAX_NUMBERS = 32  # of a fact in the report
EXPECTED_ERRORS = (ChannelError, TlsError, WireError)


async def run(sync, app, serial, where):
    """sync: the Sync. serial: over the serial port; else where is ("tcp", host, port). Raises one of EXPECTED_ERRORS."""
    if serial:
        raw = await open_serial(app.serial_port, OPEN_MS)
    else:
        raw = await open_tcp(app.hal, where[1], where[2], OPEN_MS)
    stream = None
    try:
        app.hal.make_room()
        stream = TlsStream(context(app.identity), raw)
        await _exchange(sync, app, stream)
    finally:
        (stream or raw).close()


async def _exchange(sync, app, stream):
    hello = (app.identity.device_id, app.version, app.spool.next_number)
    session = link.DeviceSession(hello, app.primitives, sync, app.documents)
    buffer = bytearray(512)
    answer = None
    while not session.closed:
        await asyncio.sleep_ms(
            0
        )  # a turn of the event loop for each piece: the stream waits only when it is full or empty
        if sync.must_yield():
            raise ChannelError("a call began")
        event = session.next_event(answer)
        answer = None
        if event:
            answer = await _handle(sync, app, event)
            continue
        data = session.data_to_send()
        if data:
            await stream.write(data, WRITE_MS)
        elif not session.closed:
            count = await stream.read_into(buffer, link.SILENCE_MS)
            session.receive(bytes(memoryview(buffer)[:count]))


async def _handle(sync, app, event):
    name = event[0]
    if name == "time":
        app.clock.set(event[1])
        sync.state = "connected"
    elif name == "vault":
        app.spool.unrecorded.spoke(event[1])
        return _report(app)
    elif name == "document":
        ok, reason = await app.documents.accept(event[1])
        return "" if ok else reason
    elif name == "receipt":
        ok, reason = await app.spool.apply_receipt(event[1])
        return "" if ok else reason
    elif name == "sent":
        sync.sent += 1
        sync.state = "recording %d is in the vault" % event[1]
        app.log(sync.state)
    elif name == "refused":
        app.log("the vault refused recording %d: %s" % event[1:])
    return None


def _report(app):
    """-> (calls without a recording, facts), see docs/formats/link.md."""
    spool = app.spool
    return [entry[:4] for entry in spool.unrecorded.entries], [
        ["storage_free", spool.free() or 0],
        ["set_aside", spool.aside()[:MAX_NUMBERS]],
        ["unfinished", spool.unfinished[:MAX_NUMBERS]],
    ]
