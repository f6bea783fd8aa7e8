"""The versions of the link: each end with an older and a newer one of the other, and the report of version 2."""

from support.device import primitives as prims
from support.device.link_ends import Device, Vault, pump, vault_after_hello
from testigo_wire.link.device import ProtocolError, frame
from testigo_wire.link.vault import VaultSession


def test_an_appliance_and_a_vault_of_version_1():
    """Each end speaks to the other one's first version, byte by byte as it was."""
    conversation = prims.vectors("link")["first_version"]
    device = Device({7: b"recording seven"})
    device.documents.wanted = lambda: [["es.PCMU", 0]]
    session = device.session()
    vault = Vault()
    vault.documents = lambda firmware, next_number, held: [b"signed policy"]
    vault.blobs = {"es.PCMU": b"audio"}
    other = VaultSession("dev-1", vault, lambda: 1700000000000)
    pump(other)
    for step in conversation:
        wire = bytes.fromhex(step["wire"])
        end, handle = (session, device.handle) if step["from"] == "device" else (other, lambda event: None)
        event = end.next_event()
        while event:
            event = end.next_event(handle(event))
        sent = end.data_to_send()
        # An old vault ignores the entry of `held` that names the version; all else is the same.
        assert sent == wire or (step["name"] == "hello" and b"dlink" in sent), (step["name"], sent.hex())
        (other if step["from"] == "device" else session).receive(wire)
    pump(session, device.handle)
    assert session.closed and device.spoken == 1 and not vault.reports
    assert vault.stored == {7: b"recording seven"}


def test_a_vault_of_a_later_version_is_answered_in_ours():
    session = VaultSession("dev-1", Vault(), lambda: 5)
    session.receive(frame(["hello", 1, "dev-1", "1.0", 1, [["policy", "", 1], ["link", "", 9]]]))
    assert pump(session)[0] == ["welcome", 2, 5, 0]


def test_wrong_reports_are_refused():
    for version, unrecorded, facts in (
        (1, [], []),
        (2, [["space", 1, 2]], []),
        (2, [["space", -1, 2, 3]], []),
        (2, [1], []),
        (2, [], ["storage_free"]),
        (2, [], [["storage_free"]]),
        (2, [], [[1, 2]]),
    ):
        session = vault_after_hello(version)
        session.receive(frame(["report", unrecorded, facts]))
        prims.raises(ProtocolError, pump, session)
    session = vault_after_hello()
    session.receive(frame(["report", [["space", 1, 2, 3]], [["of a later version", [[1]]]]]))
    assert pump(session) == [["taken", ""]]
