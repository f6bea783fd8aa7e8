"""The handshake of the serial link, cell by cell, and frames of a session from the vectors."""

from support.device import primitives as prims
from testigo_wire.console import transport
from testigo_wire.console.transport import CLOSED, HALF, OPEN, Endpoint
from testigo_wire.encoding import cobs


def test_a_peer_of_another_version_is_reported():
    host, device = Endpoint(1, active=True), Endpoint(2)
    greeting = cobs.decode(host.data_to_send(0).strip(b"\0"))
    body = greeting[:1] + b"\x07" + greeting[2:-4]
    from binascii import crc32
    from struct import pack

    device.receive(cobs.encode(body + pack(">I", crc32(body, transport._HELLO_SEED))) + b"\0", 0)
    assert device.peer_version == 7 and device.state == CLOSED


def greeting(epoch, peer, knows):
    """What an endpoint in that condition sends."""
    end = Endpoint(epoch)
    if peer:
        end._peer = peer
    end.state = OPEN if knows else CLOSED
    return end._hello_frame(0)


def put(state):
    """An end with epoch 10 in that state, its peer (if any) 20; nothing left to say."""
    end = Endpoint(10)
    if state != CLOSED:
        end.receive(greeting(20, 0, False), 0)
    if state == OPEN:
        end.receive(greeting(20, 10, True), 0)
    while end.data_to_send(0):
        if end._hello_at:
            end._hello_at = None
    assert end.state == state
    return end


# state, greeting received (epoch, the epoch it names, it has ours) -> next state, answers
HANDSHAKE = (
    (CLOSED, (20, 0, False), HALF, True),
    (CLOSED, (20, 10, False), OPEN, True),
    (CLOSED, (20, 10, True), OPEN, False),
    (CLOSED, (20, 11, False), HALF, True),
    (CLOSED, (20, 11, True), HALF, True),
    (HALF, (20, 0, False), HALF, True),
    (HALF, (20, 10, False), OPEN, True),
    (HALF, (20, 10, True), OPEN, False),
    (HALF, (20, 11, True), HALF, True),
    (HALF, (30, 0, False), HALF, True),
    (HALF, (30, 10, True), OPEN, False),
    (OPEN, (20, 0, False), OPEN, True),
    (OPEN, (20, 10, False), OPEN, True),
    (OPEN, (20, 10, True), OPEN, False),
    (OPEN, (20, 11, True), OPEN, True),
    (OPEN, (30, 0, False), HALF, True),
    (OPEN, (30, 10, False), OPEN, True),
    (OPEN, (30, 10, True), OPEN, False),
    (CLOSED, (10, 0, False), CLOSED, False),
    (HALF, (10, 20, True), HALF, False),
    (OPEN, (10, 20, True), OPEN, False),
)


def test_handshake_table():
    for state, (epoch, peer, knows), after, answers in HANDSHAKE:
        end = put(state)
        end.receive(greeting(epoch, peer, knows), 5)
        assert end.state == after, (state, epoch, peer, knows)
        assert bool(end.data_to_send(5)) == answers, (state, epoch, peer, knows)


def test_vectors():
    """Frames of a session whose epochs are given, and what becomes of them."""
    for vector in prims.vectors("serial")["frames"]:
        end = put(OPEN)
        before = end.received
        end.receive(bytes.fromhex(vector["wire"]), 6)
        got = end.read(vector["channel"])
        expected = vector["payload"]
        assert got == (None if expected is None else bytes.fromhex(expected)), vector["name"]
        assert (end.received > before) == (expected is not None), vector["name"]
