"""The softphone's audio over real sockets: what is heard when a sender restarts its numbers."""

import asyncio
import socket

import pytest

from testigo_tools.softphone.media import Media
from testigo_wire.rtp import rtp

SSRC = 0x01020304


def payload(i: int) -> bytes:
    return bytes((i * 7 + j) & 0xFF for j in range(160))


async def heard(packets: list[bytes]) -> Media:
    """What a softphone has after these packets, each 2 ms after the one before."""
    media = Media("127.0.0.1")
    await media.open()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        for packet in packets:
            sender.sendto(packet, ("127.0.0.1", media.port))
            await asyncio.sleep(0.002)
        while sum(media.payload_types.values()) < len(packets):
            await asyncio.sleep(0.01)
    media.close()
    return media


@pytest.mark.parametrize(("before", "after", "timestamp"), [(30000, 100, 4000), (30000, 100, 90), (7, 20000, 4000)])
def test_a_sender_that_restarts_its_numbers_is_heard(before, after, timestamp):
    """RFC 3550 appendix A.1: the same SSRC goes on with other sequence numbers, whatever its timestamps are."""
    packets = [rtp.build(0, False, before + i, 4000 + 160 * i, SSRC, payload(i)) for i in range(10)]
    packets += [rtp.build(0, False, after + i, timestamp + 160 * i, SSRC, payload(50 + i)) for i in range(10)]
    media = asyncio.run(asyncio.wait_for(heard(packets), 20))
    placed = [found for _, found in sorted(media.timeline.payloads.items())]
    assert sorted(placed) == sorted([payload(i) for i in range(10)] + [payload(50 + i) for i in range(1, 10)])
    report = media.report()
    assert (report["received"], report["lost"], report["duplicates"]) == (19, 0, 0)
    assert (report["sources"], report["sequence_jumps"], media.statistics.restarts) == (1, 1, 1)


def test_copies_and_late_packets_are_heard_once():
    numbers = [0, 1, 1, 3, 2, 4, 4]
    packets = [rtp.build(0, False, number, 160 * number, SSRC, payload(number)) for number in numbers]
    media = asyncio.run(asyncio.wait_for(heard(packets), 20))
    assert media.timeline.encoded() == b"".join(payload(i) for i in range(5))
    assert media.report()["duplicates"] == 2 and media.statistics.restarts == 0
