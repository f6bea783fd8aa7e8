"""Digest: the examples of the RFCs, and our two ends against each other."""

from support.device import primitives as prims
from support.device.sip_network import Dice
from testigo_wire.sip import auth as sip_auth
from testigo_wire.sip import refusals
from testigo_wire.sip.authenticator import NONCE_MS, NONCES_PER_USER, Authenticator
from testigo_wire.sip.guesses import FIRST_MS, FREE, LONGEST_AT_HOME_MS, LONGEST_MS, MAX_SOURCES, Guesses
from testigo_wire.sip.message import Message, SipError, response

HOME = ("192.0.2.1", 5060)
AWAY = ("192.0.2.66", 5060)


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
            assert asker.check(message, HOME, 1) == ("ana", False)
            assert asker.check(message, HOME, 1) == ("", True)  # again: a replay


def test_wrong_answers():
    asker = Authenticator("r", {"ana": "naranja"}, Dice(1))
    for user, password in (("ana", "manzana"), ("eva", "naranja"), ("", "")):
        known = sip_auth.Credentials(user, password, Dice(2))
        known.take(challenge(asker))
        message = request()
        known.authorize(message)
        assert asker.check(message, HOME, 1) == ("", False)
    asker = Authenticator("r", {"ana": "naranja"}, Dice(1))
    known = sip_auth.Credentials("ana", "naranja", Dice(2))
    known.take(challenge(asker))
    message = request()
    known.authorize(message)
    message.uri = "sip:elsewhere"
    assert asker.check(message, HOME, 1) == ("", False)
    message.uri = "sip:h"
    message.method = "INVITE"
    assert asker.check(message, HOME, 1) == ("", False)
    message.method = "REGISTER"
    assert asker.check(message, HOME, NONCE_MS + 1) == ("", True)
    assert asker.check(request(), HOME, 1) == ("", False)


def test_an_unknown_nonce_is_answered_as_stale():
    asker = Authenticator("r", {"ana": "naranja"}, Dice(1))
    other = Authenticator("r", {"ana": "naranja"}, Dice(9))
    known = sip_auth.Credentials("ana", "naranja", Dice(2))
    known.take(challenge(other))
    message = request()
    known.authorize(message)
    assert asker.check(message, HOME, 1) == ("", True)


def signed(asker, password="naranja", now=1, known=None):
    """A REGISTER with credentials for a challenge of that moment."""
    known = known or sip_auth.Credentials("ana", password, Dice(2))
    known.take(challenge(asker, now=now))
    message = request()
    known.authorize(message)
    return message


def test_challenges_keep_nothing():
    asker = Authenticator("r", {"ana": "naranja"}, Dice(1))
    first = signed(asker)
    for now in range(2000):
        asker.challenges(now)
    assert asker.check(first, HOME, 2000) == ("ana", False)
    assert not hasattr(asker, "nonces")


def test_an_altered_nonce_is_stale():
    asker = Authenticator("r", {"ana": "naranja"}, Dice(1))
    for at in (3, 15, 30):
        known = sip_auth.Credentials("ana", "naranja", Dice(2))
        known.take(challenge(asker, now=1))
        nonce = known.challenge["nonce"]
        known.challenge["nonce"] = nonce[:at] + ("0" if nonce[at] != "0" else "1") + nonce[at + 1 :]
        message = request()
        known.authorize(message)
        assert asker.check(message, HOME, 2) == ("", True), at


def test_a_replay_is_refused_however_many_nonces_came_between():
    asker = Authenticator("r", {"ana": "naranja"}, Dice(1))
    first = signed(asker, now=1)
    assert asker.check(first, HOME, 1) == ("ana", False)
    for now in range(2, 4 + NONCES_PER_USER):
        assert asker.check(signed(asker, now=now), HOME, now) == ("ana", False)
        assert asker.check(first, HOME, now) == ("", True)


def guess(asker, source, now):
    """Whether a wrong password was checked."""
    message = signed(asker, "manzana", now)
    try:
        assert asker.check(message, source, now) == ("", False)
        return True
    except SipError as error:
        assert error.status == 503 and error.retry_after > 0
        return False


def test_guessing_gets_slower_and_is_counted():
    asker = Authenticator("r", {"ana": "naranja"}, Dice(1))
    checked = [now for now in range(0, 600000, 500) if guess(asker, AWAY, now)]
    assert len(checked) < 15, len(checked)
    gaps = [b - a for a, b in zip(checked, checked[1:])]
    assert gaps[-1] > 8 * FIRST_MS and gaps[: FREE - 1] == [500] * (FREE - 1)
    assert asker.refused[refusals.PASSWORD] == len(checked)
    assert asker.refused[refusals.LOCKED] == 1200 - len(checked)


def test_guessing_from_many_sources_gets_slower_too():
    asker = Authenticator("r", {"ana": "naranja"}, Dice(1))
    checked = [i for i in range(1200) if guess(asker, ("192.0.2.%d" % (i % 250), 5060), i * 500)]
    assert len(checked) < 90, len(checked)


def test_the_telephone_is_not_locked_out():
    asker = Authenticator("r", {"ana": "naranja"}, Dice(1))
    assert asker.check(signed(asker, now=1), HOME, 1) == ("ana", False)
    for i in range(400):
        guess(asker, ("192.0.2.%d" % (i % 250 + 2), 5060), 1000 + i)
    assert asker.check(signed(asker, now=1500), HOME, 1500) == ("ana", False)
    now = 2000
    for _ in range(50):  # guesses from its own source
        guess(asker, HOME, now)
    now += LONGEST_AT_HOME_MS
    assert asker.check(signed(asker, now=now), HOME, now) == ("ana", False)


def test_unknown_users_look_like_wrong_passwords():
    asker = Authenticator("r", {"ana": "naranja"}, Dice(1))
    statuses = []
    for _ in range(FREE + 1):
        message = signed(asker, known=sip_auth.Credentials("eva", "x", Dice(2)))
        try:
            statuses.append(asker.check(message, AWAY, 1))
        except SipError as error:
            statuses.append(error.status)
    assert statuses == [("", False)] * FREE + [503]


def test_sources_are_bounded_and_the_longest_waits_stay():
    guesses = Guesses()
    for _ in range(30):
        guesses.wrong("ana", "192.0.2.1", False, 0)
    assert guesses.wait_ms("ana", "192.0.2.1", False, 0) == LONGEST_MS
    for i in range(10 * MAX_SOURCES):
        guesses.wrong("", "host%d" % i, False, i)
    assert guesses.wait_ms("ana", "192.0.2.1", False, 0) == LONGEST_MS
    assert len(guesses._sources) <= MAX_SOURCES


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
