"""The list of objections: the digests, and finding one."""

from support.device import primitives as prims
from testigo_wire.policy import objections

P = prims.PRIMITIVES
KEY = b"\x01" * 32


def test_digest_is_that_of_hmac():
    # HMAC-SHA-256 of RFC 4231 test case 2, cut to eight bytes
    assert objections.digest(P, b"Jefe", "what do ya want for nothing?").hex() == "5bdcc146bf60754e"


def test_found_and_not_found():
    numbers = ["+3460000%04d" % i for i in range(57)]
    for count in (0, 1, 2, 3, 57):
        data = objections.blob([objections.digest(P, KEY, number) for number in numbers[:count]])
        assert len(data) == count * objections.WIDTH
        reads = []

        def read(index, data=data, reads=reads, count=count):
            assert 0 <= index < count
            reads.append(index)
            return data[index * objections.WIDTH : (index + 1) * objections.WIDTH]

        for i in range(57):
            reads.clear()
            digest = objections.digest(P, KEY, numbers[i])
            assert objections.contains(read, count, digest) == (i < count), (count, i)
            assert len(reads) <= 6


def test_few_looks_at_a_long_list():
    data = objections.blob([P.sha256(i.to_bytes(4, "big"))[:8] for i in range(1024)])
    count = len(data) // objections.WIDTH
    looks = []

    def read(index):
        assert 0 <= index < count
        looks[-1] += 1
        return data[index * objections.WIDTH : (index + 1) * objections.WIDTH]

    for i in range(1024, 1224):
        for listed in (False, True):
            looks.append(0)
            at = i * 19 % count * objections.WIDTH
            wanted = data[at : at + objections.WIDTH] if listed else P.sha256(i.to_bytes(4, "big"))[:8]
            assert objections.contains(read, count, wanted) == listed
    assert sum(looks) < 6 * len(looks) and max(looks) <= 14, (sum(looks) / len(looks), max(looks))


def test_a_list_that_is_not_spread_evenly():
    """Of digests that begin alike."""
    starts = (b"\x80\x00\x00", b"\x80\x00\x01")
    for first, second in ((starts[0], starts[0]), starts):
        entries = [first + i.to_bytes(5, "big") for i in range(500)]
        entries += [second + i.to_bytes(5, "big") for i in range(500, 1000)] + [b"\xff" * 8]
        data = b"".join(entries)
        looks = []

        def read(index, data=data, looks=looks):
            assert 0 <= index < 1001
            looks.append(index)
            return data[index * objections.WIDTH : (index + 1) * objections.WIDTH]

        for i in range(0, 1100, 7):
            looks.clear()
            wanted = (first if i < 500 else second) + i.to_bytes(5, "big")
            assert objections.contains(read, len(entries), wanted) == (i < 1000)
            assert len(looks) <= 22


def test_duplicate_number_is_listed_once():
    digest = objections.digest(P, KEY, "+34600111222")
    assert objections.blob([digest, digest]) == digest
