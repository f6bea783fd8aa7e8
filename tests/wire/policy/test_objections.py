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

        def read(index, data=data, reads=reads):
            reads.append(index)
            return data[index * objections.WIDTH : (index + 1) * objections.WIDTH]

        for i in range(57):
            reads.clear()
            digest = objections.digest(P, KEY, numbers[i])
            assert objections.contains(read, count, digest) == (i < count), (count, i)
            assert len(reads) <= 6


def test_duplicate_number_is_listed_once():
    digest = objections.digest(P, KEY, "+34600111222")
    assert objections.blob([digest, digest]) == digest
