"""Requests and answers, against the vectors and each other."""

from support.device import primitives as prims
from testigo_wire.console import client as console_client
from testigo_wire.console import server as console_server
from testigo_wire.link.device import ProtocolError, frame


def test_vectors():
    for vector in prims.vectors("control")["requests"]:
        server = console_server.Server()
        wire = bytes.fromhex(vector["wire"])
        for at in range(len(wire)):
            server.receive(wire[at : at + 1])
            if at < len(wire) - 1:
                assert server.next() is None
        number, name, arguments = server.next()
        assert (number, name) == (vector["id"], vector["request"]), vector["name"]
        assert server.next() is None
        if name:
            client = console_client.Client()
            client._number = number - 1
            assert client.request(name, *arguments) == wire


def test_malformed():
    for vector in prims.vectors("control")["malformed"]:
        server = console_server.Server()
        server.receive(bytes.fromhex(vector["wire"]))
        prims.raises(ProtocolError, server.next)


def test_answers():
    client = console_client.Client()
    client.request("diag")
    client.request("selftest", 5, "tone")
    client.receive(console_server.answer(1, "ok", "to a request given up"))
    client.receive(console_server.answer(2, "more", 50))
    client.receive(console_server.answer(2, "ok", [["seal", 12]]))
    assert client.next() == (False, 50)
    assert client.next() == (True, [["seal", 12]])
    assert client.next() is None
    client.receive(console_server.answer(2, "no", "a call is up"))
    assert str(prims.raises(console_client.RequestRefused, client.next)) == "a call is up"


def test_malformed_answers_are_errors():
    for message in ([1], [1, "ok"], [1, "yes", 0], ["1", "ok", 0], [-1, "ok", 0], [True, "ok", 0], 5, []):
        client = console_client.Client()
        client.receive(frame(message))
        prims.raises(ProtocolError, client.next)
