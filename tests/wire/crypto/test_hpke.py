"""HPKE's sender against RFC 9180, appendix A.3.1."""

from support.device import primitives as prims
from testigo_wire.crypto import hpke, p256

P = prims.PRIMITIVES
VECTOR = {key: bytes.fromhex(value) for key, value in prims.vectors("hpke")["base"][0].items()}


class Known:
    """The primitives, with a known ephemeral key in place of a random one."""

    def __init__(self, *answers):
        self.sha256 = P.sha256
        self.aes = P.aes
        self.answers = list(answers)

    def random(self, n):
        return self.answers.pop(0)


def test_encap():
    secret, enc = p256.finish(hpke.encap_steps(Known(VECTOR["skEm"]), VECTOR["pkRm"]))
    assert enc == VECTOR["enc"]
    assert secret == VECTOR["shared_secret"]


def test_ephemeral_key_out_of_range_is_drawn_again():
    known = Known(bytes(32), b"\xff" * 32, VECTOR["skEm"])
    assert p256.finish(hpke.encap_steps(known, VECTOR["pkRm"]))[1] == VECTOR["enc"]


def test_key_schedule():
    assert hpke.schedule(P, VECTOR["shared_secret"], VECTOR["info"]) == (VECTOR["key"], VECTOR["base_nonce"])


def test_seal():
    sealed = p256.finish(hpke.seal_base_steps(P, VECTOR["shared_secret"], VECTOR["info"], VECTOR["aad"], VECTOR["pt"]))
    assert sealed == VECTOR["ct"]


def test_a_point_off_the_curve_is_refused():
    bad = bytearray(VECTOR["pkRm"])
    bad[64] ^= 1
    prims.raises(p256.PointError, p256.finish, hpke.encap_steps(P, bytes(bad)))
