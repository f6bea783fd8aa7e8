"""The chain over the items of a recording, and what is signed and bound."""

from support.device import primitives as prims
from testigo_wire.encoding import cbor
from testigo_wire.recording import items as recording

P = prims.PRIMITIVES


def test_chain():
    chain = recording.Chain(P)
    head = P.sha256(b"testigo chain 1")
    assert chain.head == head
    for item in (b"one", b"two"):
        digest = P.sha256(item)
        head = P.sha256(head + digest)
        assert chain.add(item) == digest
        assert chain.head == head
    other = recording.Chain(P)
    other.add(b"one")
    other.add_digest(P.sha256(b"two"))
    assert (other.head, other.items) == (chain.head, 2)


def test_what_the_device_signs():
    message = cbor.encode(["testigo seal 1", bytes(16), 4, bytes(32), 9, "test"])
    assert recording.seal_digest(P, bytes(16), 4, bytes(32), 9, "test") == P.sha256(message)
    assert recording.wrap_info(b"i" * 16, 1) == b"testigo hpke 1" + b"i" * 16 + b"\x01"
    assert recording.key_id(P, b"public") == P.sha256(b"public")[:8]
