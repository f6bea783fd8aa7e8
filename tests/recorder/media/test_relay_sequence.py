"""Sequence numbers of the packets that a relay passes on: loss, disorder, new sources, restarts (RFC 3550 appendix A.1)."""

from support.device.relay_rig import Rig, check_continuous, fields, packet


def test_a_new_source_continues_the_stream():
    rig = Rig()
    rig.relay.set_forwarding(True)
    heard = []
    for i in range(5):
        rig.send(packet(10 + i, 160 * i))
        heard += rig.heard()
    for i in range(5):
        rig.send(packet(40000 + i, 90000 + 160 * i, ssrc=b"\x01\x02\x03\x04"))
        heard += rig.heard()
    assert len(heard) == 10
    check_continuous(heard)
    assert rig.relay.restarts == 1
    assert rig.relay.quality()[:3] == (10, 0, 0)
    rig.close()


def test_a_sender_that_restarts_its_numbers_is_followed_at_once():
    """RFC 3550 appendix A.1: backwards and forwards under one SSRC, with other timestamps or with the same ones."""
    for before, after, timestamp in ((30000, 100, 5), (30000, 100, 160 * 30000), (100, 20000, 0), (5, 60000, 7)):
        rig = Rig()
        rig.relay.set_forwarding(True)
        sent = [packet(before + i, 160 * (before + i)) for i in range(20)]
        sent += [packet(after + i, timestamp + 160 * i) for i in range(20)]
        heard = []
        for data in sent:
            rig.send(data)
            heard += rig.heard()
        assert [fields(p)[5] for p in heard] == [fields(p)[5] for p in sent[:20] + sent[21:]], (
            "one packet is not passed on"
        )
        check_continuous(heard)
        assert [p for _, p in rig.tapped()] == sent, "it is kept, as all others"
        assert rig.relay.restarts == 1 and rig.relay.dropped == 1
        assert rig.relay.quality()[:3] == (39, 0, 0), rig.relay.quality()
        rig.close()


def test_a_restart_among_packets_that_wait_together():
    rig = Rig()
    rig.relay.set_forwarding(True)
    rig.send(packet(29999, 160))
    sent = [packet(30000 + i, 320 + 160 * i) for i in range(4)] + [packet(100 + i, 9 + 160 * i) for i in range(4)]
    rig.send(*sent)
    heard = rig.heard()
    assert [fields(p)[5] for p in heard[1:]] == [fields(p)[5] for p in sent[:4] + sent[5:]]
    check_continuous(heard)
    rig.close()


def test_a_new_source_among_packets_that_wait_together():
    rig = Rig()
    rig.relay.set_forwarding(True)
    rig.send(packet(29999, 160))
    sent = [packet(30000 + i, 320 + 160 * i) for i in range(4)] + [
        packet(7 + i, 160 * i, ssrc=b"new!") for i in range(4)
    ]
    rig.send(*sent)
    heard = rig.heard()
    assert [fields(p)[5] for p in heard[1:]] == [fields(p)[5] for p in sent]
    check_continuous(heard)
    rig.close()


def test_a_stray_restarts_nothing():
    rig = Rig()
    rig.relay.set_forwarding(True)
    sent = [packet(500 + i, 160 * i) for i in range(6)]
    for data in sent[:3] + [packet(40000, 5), packet(40000, 5)] + sent[3:] + [packet(41000, 165)]:
        rig.send(data)
    heard = rig.heard()
    assert [fields(p)[5] for p in heard] == [fields(p)[5] for p in sent]
    check_continuous(heard)
    assert rig.relay.restarts == 0 and rig.relay.dropped == 3
    assert rig.relay.quality()[:3] == (6, 0, 0)
    rig.close()


def test_late_packets_and_copies_are_recognised_after_a_restart():
    rig = Rig()
    rig.relay.set_forwarding(True)
    for sequence in (30000, 30001, 100, 101, 103, 102, 103, 104, 5):
        rig.send(packet(sequence, 160 * sequence))
    heard = [fields(p)[2] for p in rig.heard()]
    first = heard[0]
    # 101 follows 30001; then 103, 102, 103 again, 104, and 96 packets late: 5
    assert [number - first & 0xFFFF for number in heard] == [0, 1, 2, 4, 3, 4, 5, 0xFFFF & (2 - 96)]
    assert rig.relay.quality()[:3] == (8, 1, 3), rig.relay.quality()
    rig.close()


def test_numbers_that_moved_on_while_nothing_passed():
    """A notice of more than a minute: the first packet after it is passed on, although 4,000 numbers are missing."""
    rig = Rig()
    rig.relay.set_forwarding(True)
    rig.send(packet(1, 160))
    rig.relay.set_forwarding(False)
    rig.send(packet(2, 320))
    rig.relay.set_forwarding(True)
    for i in range(3):
        rig.send(packet(4001 + i, 160 * (4001 + i)))
    assert len(rig.heard()) == 4
    assert rig.relay.dropped == 0
    rig.close()


def test_loss_and_reordering_are_counted():
    rig = Rig()
    rig.relay.set_forwarding(True)
    for sequence in (1, 2, 4, 3, 3, 7):
        rig.send(packet(sequence, 160 * sequence))
    received, lost, late, _, _ = rig.relay.quality()
    # expected 7; 6 came, two of them late (one a duplicate)
    assert (received, late) == (6, 2)
    assert lost == 7 - 4
    rig.close()
