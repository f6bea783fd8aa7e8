"""Both sessions against each other, whole and cut at every byte; and against peers that do not keep to the link."""

from support.device import primitives as prims
from support.device.link_ends import RECORDINGS, REPORT, Cut, Device, Vault, pump, run, vault_after_hello
from testigo_wire.encoding import cbor
from testigo_wire.link import messages as link_messages
from testigo_wire.link.device import Messages, ProtocolError, frame
from testigo_wire.link.vault import VaultSession


def test_a_complete_session():
    for piece in (None, 1, 3, 100):
        device, vault = Device(RECORDINGS), Vault()
        run(device, vault, None, piece)
        assert vault.stored == RECORDINGS
        assert device.spool.recordings == {}
        assert device.documents.blobs == vault.blobs
        assert device.events[0] == "time"
        assert [e for e in device.events if e in ("sent", "refused")] == ["sent"] * 3
        assert vault.said == [""] * 4
        assert device.spoken == 2 and [list(part) for part in vault.reports] == [list(REPORT)]


def test_cut_at_every_byte():
    total = run(Device(RECORDINGS), Vault())
    for cut in range(total):
        device, vault = Device(RECORDINGS), Vault()
        try:
            run(device, vault, cut)
            assert False
        except (Cut, ProtocolError):
            pass
        held = sum(len(part) for part in vault.partial.values()) + sum(len(part) for part in vault.stored.values())
        rest = run(device, vault)
        assert vault.stored == RECORDINGS and device.spool.recordings == {}
        assert device.documents.blobs == vault.blobs
        # What the vault had is not sent again.
        assert rest <= total - held + 200, (cut, rest, total, held)


def test_an_interrupted_receipt_is_sent_again():
    device, vault = Device({3: b"abc"}), Vault()
    vault.stored[3] = b"abc"
    run(device, vault)
    assert device.spool.recordings == {}


def test_a_refused_recording_stays_and_the_next_is_sent():
    device, vault = Device(RECORDINGS), Vault()
    vault.refuse[3] = "not yours"
    run(device, vault)
    assert sorted(device.spool.recordings) == [3]
    assert sorted(vault.stored) == [5, 9]


def test_a_damaged_recording_is_sent_again_once():
    for times in (1, 2):
        device, vault = Device({3: b"abc"}), Vault()
        vault.damaged = times
        run(device, vault)
        assert bool(vault.stored) == (times == 1)
        assert bool(device.spool.recordings) == (times == 2)


def test_a_recording_damaged_on_the_device_is_skipped():
    device, vault = Device({3: b"", 5: b"x"}), Vault()
    run(device, vault)
    assert vault.stored == {5: b"x"}


def test_recording_closed_during_the_session_is_sent():
    device, vault = Device({3: b"abc"}), Vault()

    def handle(event):
        if event[0] == "sent":
            if 11 not in vault.stored:
                device.spool.recordings[11] = b"new"
        return Device.handle(device, event)

    device.handle = handle
    run(device, vault)
    assert sorted(vault.stored) == [3, 11]


def test_absent_blob_does_not_stop_the_recordings():
    device, vault = Device({3: b"abc"}), Vault()
    vault.blobs = {}
    run(device, vault)
    assert vault.stored == {3: b"abc"}


def test_vectors():
    """The same conversation as in the vectors, from both ends; then its malformed siblings."""
    vectors = prims.vectors("link")
    play(vectors["conversation"])

    for vector in vectors["malformed"]:
        wire = bytes.fromhex(vector["wire"])
        end = Device({}).session() if vector["to"] == "device" else VaultSession("dev-1", Vault(), lambda: 0)
        pump(end)

        def feed():
            end.receive(wire)
            pump(end)

        prims.raises(ProtocolError, feed)


def play(conversation):
    """Both ends send what the vectors say, and the recording arrives."""
    device = Device({7: b"recording seven"})
    session = device.session()
    vault = Vault()
    vault.documents = lambda firmware, next_number, held: [b"signed policy"]
    vault.blobs = {"es.PCMU": b"audio"}
    device.documents.wanted = lambda: [["es.PCMU", 0]]
    other = VaultSession("dev-1", vault, lambda: 1700000000000)
    pump(other)
    for step in conversation:
        wire = bytes.fromhex(step["wire"])
        sender, receiver = (session, other) if step["from"] == "device" else (other, session)
        handle = device.handle if step["from"] == "device" else lambda event: None
        event = sender.next_event()
        while event:
            event = sender.next_event(handle(event))
        sent = sender.data_to_send()
        assert sent == wire, (step["name"], sent.hex())
        receiver.receive(wire)
    pump(session, device.handle)
    assert session.closed
    assert vault.stored == {7: b"recording seven"}


def test_wrong_transfers_are_refused():
    known, head = b"\x01" * 16, b"\x01" * 32
    offer = ["offer", 1, known, 10, head]
    for messages in (
        [["data", 1, 0, b"x"]],
        [offer, ["data", 2, 0, b"x"]],
        [offer, ["data", 1, 1, b"x"]],
        [offer, ["data", 1, 0, b""]],
        [offer, ["data", 1, 0, bytes(11)]],
        [offer, ["done", 1, bytes(32)]],
        [offer, ["data", 1, 0, bytes(10)], ["done", 1, bytes(31)]],
        [offer, ["done", 2, bytes(32)]],
        [offer, offer],
        [["offer", 0, known, 10, head]],
        [["offer", 1, known[1:], 10, head]],
        [["offer", 1, known, 0, head]],
        [["offer", 1, known, 1 << 32, head]],
        [["offer", 1, known, 10, head[1:]]],
    ):
        session = vault_after_hello()

        def feed():
            for message in messages:
                session.receive(frame(message))
                pump(session)

        prims.raises(ProtocolError, feed)


def test_end_of_stream_in_mid_session():
    prims.raises(ProtocolError, Device({}).session().receive, b"")


def test_garbage_raises_only_protocol_errors():
    state = 5
    for _ in range(400):
        junk = bytearray(b"\0\0\0")
        for _ in range(30):
            state = (state * 75 + 74) % 65537
            junk.append(state & (0xFF if len(junk) > 3 else 0x1F))
        for end in (Device({}).session(), VaultSession("dev-1", Vault(), lambda: 0)):
            pump(end)
            try:
                end.receive(bytes(junk))
                pump(end)
            except ProtocolError:
                pass


def test_any_message_in_any_place_raises_only_protocol_errors():
    values = (0, 1, -1, 1 << 40, b"", bytes(32), "", "es.PCMU", [], [[]], True, None)
    names = (
        "hello",
        "welcome",
        "document",
        "taken",
        "report",
        "need",
        "blob",
        "absent",
        "offer",
        "want",
        "data",
        "done",
        "bye",
        1,
    )
    for name in names:
        for value in values:
            for count in range(6):
                for end in (Device({}).session(), vault_after_hello()):
                    pump(end)
                    try:
                        end.receive(frame([name] + [value] * count))
                        pump(end)
                    except ProtocolError:
                        pass


def test_size_limit():
    prims.raises(ProtocolError, frame, ["document", bytes(link_messages.MAX_MESSAGE)])
    messages = Messages()
    messages.feed((link_messages.MAX_MESSAGE + 1).to_bytes(4, "big"))
    prims.raises(ProtocolError, messages.next)
    assert cbor.decode(frame(["bye"])[4:]) == ["bye"]
