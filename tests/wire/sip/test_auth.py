"""Digest: the examples of the RFCs, and our two ends against each other."""

from support.device import primitives as prims
from support.device.sip_network import Dice
from testigo_wire.sip import auth as sip_auth
from testigo_wire.sip.authenticator import MAX_NONCES, NONCE_MS, Authenticator
from testigo_wire.sip.message import Message, response


def request(method="REGISTER", uri="sip:h"):
    message = Message(method, uri)
    for name in ("via", "from", "to", "call-id", "cseq"):
        message.add(name, "x")
    return message


def challenge(authenticator, status=401, stale=False, now=0):
    message = response(request(), status)
    name = "www-authenticate" if status == 401 else "proxy-authenticate"
    for value in authenticator.challenges(now, stale):
        message.add(name, value)
    return message


def test_examples():
    for case in prims.vectors("sip_digest")["cases"]:
        secret = sip_auth.secret_value(case["algorithm"], case["user"], case["realm"], case["password"])
        made = sip_auth.response_value(
            case["algorithm"],
            secret,
            case["method"],
            case["uri"],
            case["nonce"],
            case["qop"],
            case["nc"],
            case["cnonce"],
        )
        assert made == case["response"]


def test_both_ends_agree():
    for algorithms in (("MD5",), ("SHA-256",), ("SHA-256", "MD5"), ("MD5", "SHA-256")):
        asker = Authenticator('re"alm', {"ana": "na\\ranja"}, Dice(1), algorithms)
        known = sip_auth.Credentials("ana", "na\\ranja", Dice(2))
        assert known.take(challenge(asker))
        for _ in range(3):
            message = request()
            known.authorize(message)
            value = message.get("authorization")
            assert ("algorithm=SHA-256" in value) == ("SHA-256" in algorithms)
            assert asker.check(message, 1) == ("ana", False)
            assert asker.check(message, 1) == ("", True)  # again: a replay


def test_wrong_answers():
    asker = Authenticator("r", {"ana": "naranja"}, Dice(1))
    for user, password in (("ana", "manzana"), ("eva", "naranja"), ("", "")):
        known = sip_auth.Credentials(user, password, Dice(2))
        known.take(challenge(asker))
        message = request()
        known.authorize(message)
        assert asker.check(message, 1) == ("", False)
    known = sip_auth.Credentials("ana", "naranja", Dice(2))
    known.take(challenge(asker))
    message = request()
    known.authorize(message)
    message.uri = "sip:elsewhere"
    assert asker.check(message, 1) == ("", False)
    message.uri = "sip:h"
    message.method = "INVITE"
    assert asker.check(message, 1) == ("", False)
    message.method = "REGISTER"
    assert asker.check(message, NONCE_MS + 1) == ("", True)
    assert asker.check(request(), 1) == ("", False)


def test_an_unknown_nonce_is_answered_as_stale():
    asker = Authenticator("r", {"ana": "naranja"}, Dice(1))
    other = Authenticator("r", {"ana": "naranja"}, Dice(9))
    known = sip_auth.Credentials("ana", "naranja", Dice(2))
    known.take(challenge(other))
    message = request()
    known.authorize(message)
    assert asker.check(message, 1) == ("", True)


def test_nonces_are_bounded():
    asker = Authenticator("r", {}, Dice(1))
    for now in range(100):
        asker.challenges(now)
    assert len(asker.nonces) <= MAX_NONCES


def test_proxies_and_old_servers():
    known = sip_auth.Credentials("ana", "naranja", Dice(2))
    message = response(request(), 407)
    message.add("proxy-authenticate", 'Digest realm="r", nonce="n", opaque="o\\"p"')
    assert known.take(message)
    made = request()
    known.authorize(made)
    value = made.get("proxy-authorization")
    assert "qop" not in value and 'opaque="o\\"p"' in value and "algorithm=MD5" in value


def test_unknown_challenges_are_not_answered():
    for value in (
        'Basic realm="r"',
        'Digest realm="r", nonce="n", algorithm=SHA-512-256',
        'Digest realm="r", nonce="n", qop="auth-int"',
        'Digest nonce="n"',
        "Digest",
    ):
        known = sip_auth.Credentials("ana", "naranja", Dice(2))
        message = response(request(), 401)
        message.add("www-authenticate", value)
        assert not known.take(message), value
        made = request()
        known.authorize(made)
        assert made.get("authorization") is None
