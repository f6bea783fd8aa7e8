"""Digest authentication, the server's side (RFC 7616, RFC 3261 section 22): the challenges, and what is checked."""

import hashlib

from testigo_wire.compat import const
from testigo_wire.sip import refusals
from testigo_wire.sip.auth import quote, read, response_value, secret_value
from testigo_wire.sip.message import SipError

NONCE_MS = const(300000)
TIME = const(12)  # hexadecimal digits of a nonce: when it was made, in ms
SALT = const(20)  # up to here: something random
NONCE = const(44)  # up to here: HMAC of the two
NONCES_PER_USER = const(4)
BLOCK = const(64)  # of SHA-256


class Authenticator:
    """Makes nonces that hold their time and a MAC of it (section 3.3), so that challenges are not kept, however many are sent.
    What is kept is the use of nonces against replay (section 3.4), and only after a right password: for each user the
    NONCES_PER_USER latest, and the time up to which older ones are refused.

    `algorithms` are offered in their order. By default that is MD5 alone: phones that know no other (baresip 1.0 is one)
    give up at a challenge that offers more, though RFC 8760 section 2.4 wants them to pass over it.
    """

    __slots__ = (
        "realm",
        "users",
        "random",
        "algorithms",
        "refused",
        "_inner",
        "_outer",
        "_used",
        "_floor",
        "_homes",
        "_guesses",
    )

    def __init__(self, realm, users, random, algorithms=("MD5",)):
        self.realm = realm
        self.users = users
        self.random = random
        self.algorithms = algorithms
        self.refused = [0] * refusals.KINDS
        key = random(32) + bytes(BLOCK - 32)  # of HMAC (RFC 2104), for this start
        self._inner = bytes([byte ^ 0x36 for byte in key])
        self._outer = bytes([byte ^ 0x5C for byte in key])
        self._used = {}  # user: [[nonce, its highest nc, when it was made], ...]
        self._floor = {}  # user: nonces made up to then are refused
        self._homes = {}  # user: the host from which the right password came last
        self._guesses = None  # Guesses, from the first wrong password on

    def check(self, message, source, now):
        """(user, stale): the user who proved the password, or "" and whether only the nonce was too old.

        source: (host, port). Raises SipError 503 while no password is checked, because too many were wrong.
        """
        for key, value in message.headers:
            if key != "authorization":
                continue
            given = read(value)
            if given.get("realm") == self.realm:
                return self._check(message, given, source[0], now)
        return "", False

    def _check(self, message, given, host, now):
        algorithm = given.get("algorithm", "MD5").upper()
        user = given.get("username", "")
        nonce = given.get("nonce", "")
        nc = given.get("nc", "")
        if algorithm not in self.algorithms or given.get("qop") != "auth":
            return "", False
        known = user if user in self.users else ""
        home = bool(known) and self._homes.get(known) == host
        wait = self._guesses.wait_ms(known, host, home, now) if self._guesses else 0
        if wait:
            self.refused[refusals.LOCKED] += 1
            error = SipError("too many wrong passwords", 503)
            error.retry_after = (wait + 999) // 1000
            raise error
        uri = given.get("uri", "")
        secret = secret_value(algorithm, user, self.realm, self.users.get(user, ""))
        expected = response_value(algorithm, secret, message.method, uri, nonce, "auth", nc, given.get("cnonce", ""))
        right = _equal(expected, given.get("response", ""))
        # An URI of another resource would be a replay of something else (section 3.4.6).
        if not known or not right or uri.lower() != message.uri.lower():
            self.refused[refusals.PASSWORD] += 1
            if self._guesses is None:
                from testigo_wire.sip.guesses import Guesses

                self._guesses = Guesses()
            self._guesses.wrong(known, host, home, now)
            return "", False
        try:
            count = int(nc, 16)
        except ValueError:
            return "", False
        self._homes[user] = host
        if self._guesses:
            self._guesses.right(host)
        made = self._made(nonce, now)
        if made is None or not self._is_unused(user, nonce, made, count):
            return "", True
        return user, False

    def challenges(self, now, stale=False):
        """The values of WWW-Authenticate for a 401."""
        text = "%012x%s" % (now, self.random(4).hex())
        tail = "Digest realm=%s, nonce=%s, qop=%s%s, algorithm=" % (
            quote(self.realm),
            quote(text + self._mac(text)),
            quote("auth"),
            ", stale=true" if stale else "",
        )
        return [tail + algorithm for algorithm in self.algorithms]

    def _mac(self, text):
        inner = hashlib.sha256(self._inner + text.encode()).digest()
        return hashlib.sha256(self._outer + inner).digest()[: (NONCE - SALT) // 2].hex()

    def _made(self, nonce, now):
        """When a nonce was made; None if it is too old, or not one of this start."""
        if len(nonce) != NONCE or not _equal(self._mac(nonce[:SALT]), nonce[SALT:]):
            return None
        made = int(nonce[:TIME], 16)
        return made if made <= now < made + NONCE_MS else None

    def _is_unused(self, user, nonce, made, count):
        used = self._used.get(user)
        if used is None:
            used = self._used[user] = []
        oldest = -1
        for i, entry in enumerate(used):
            if entry[0] == nonce:
                if count <= entry[1]:
                    return False
                entry[1] = count
                return True
            if oldest < 0 or entry[2] < used[oldest][2]:
                oldest = i
        if made <= self._floor.get(user, -1):
            return False
        entry = [nonce, count, made]
        if len(used) < NONCES_PER_USER:
            used.append(entry)
        else:
            self._floor[user] = used[oldest][2]
            used[oldest] = entry
        return True


def _equal(a, b):
    # In constant time, so that its duration tells nothing of the password.
    if len(a) != len(b):
        return False
    difference = 0
    for i in range(len(a)):
        difference |= ord(a[i]) ^ ord(b[i])
    return difference == 0
