"""Digest authentication (RFC 7616, RFC 8760, RFC 3261 section 22): both ends, MD5 and SHA-256, qop "auth" or none."""

import hashlib

from testigo_wire.compat import const
from testigo_wire.sip_message import parameters, split

NONCE_MS = const(300000)
MAX_NONCES = const(16)
HEXADECIMAL = "0123456789abcdef"
# What may be asked for, the better one first (RFC 8760 section 2.4)
ALGORITHMS = ("SHA-256", "MD5")


def digest(algorithm, text):
    """H(text) in hexadecimal."""
    data = text.encode()
    data = hashlib.sha256(data) if algorithm == "SHA-256" else hashlib.md5(data)
    return hexadecimal(data.digest())


def hexadecimal(data):
    return "".join([HEXADECIMAL[byte >> 4] + HEXADECIMAL[byte & 15] for byte in data])


def response_value(algorithm, secret, method, uri, nonce, qop="", nc="", cnonce=""):
    """The `response` (RFC 7616 section 3.4.1); `secret` is H(A1)."""
    middle = [nonce, nc, cnonce, qop] if qop else [nonce]
    return digest(algorithm, ":".join([secret] + middle + [digest(algorithm, method + ":" + uri)]))


def secret_value(algorithm, user, realm, password):
    """H(A1) (section 3.4.2)."""
    return digest(algorithm, "%s:%s:%s" % (user, realm, password))


def quote(text):
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def read(value):
    """The parameters of a `Digest` challenge or credentials value, {} for another scheme. Commas separate them."""
    scheme = value.split(None, 1)
    if len(scheme) != 2 or scheme[0].lower() != "digest":
        return {}
    return parameters(split(scheme[1], ","))


class Credentials:
    """A user's name and password, and the challenge that was last met with them."""

    __slots__ = ("user", "password", "random", "challenge", "header", "count")

    def __init__(self, user, password, random):
        self.user = user
        self.password = password
        self.random = random
        self.challenge = None
        self.header = ""
        self.count = 0

    def take(self, message):
        """Learn the challenge of a 401 or 407; whether another attempt makes sense."""
        name, self.header = "www-authenticate", "authorization"
        if message.status == 407:
            name, self.header = "proxy-authenticate", "proxy-authorization"
        best = None
        for key, value in message.headers:
            if key != name:
                continue
            challenge = read(value)
            algorithm = challenge.get("algorithm", "MD5").upper()
            qop = challenge.get("qop", "auth").lower().split(",")
            if algorithm not in ALGORITHMS or "auth" not in [one.strip() for one in qop]:
                continue
            if "nonce" not in challenge or "realm" not in challenge:
                continue
            if best is None or algorithm == ALGORITHMS[0]:
                best = challenge
        self.challenge = best
        self.count = 0
        return best is not None

    def authorize(self, message):
        """Put the credentials into a request, if there is a challenge to meet."""
        message.remove("authorization")
        message.remove("proxy-authorization")
        challenge = self.challenge
        if not challenge:
            return
        algorithm = challenge.get("algorithm", "MD5").upper()
        realm = challenge["realm"]
        nonce = challenge["nonce"]
        secret = secret_value(algorithm, self.user, realm, self.password)
        qop = nc = cnonce = ""
        if "qop" in challenge:
            self.count += 1
            qop = "auth"
            nc = "%08x" % self.count
            cnonce = hexadecimal(self.random(8))
        value = "Digest username=%s, realm=%s, nonce=%s, uri=%s, response=%s, algorithm=%s" % (
            quote(self.user),
            quote(realm),
            quote(nonce),
            quote(message.uri),
            quote(response_value(algorithm, secret, message.method, message.uri, nonce, qop, nc, cnonce)),
            algorithm,
        )
        if qop:
            value += ', qop=auth, nc=%s, cnonce="%s"' % (nc, cnonce)
        if "opaque" in challenge:
            value += ", opaque=" + quote(challenge["opaque"])
        message.add(self.header, value)


class Authenticator:
    """The side that asks: makes nonces that live a while, and counts their use against replay (section 3.4).

    `algorithms` are offered in their order. By default that is MD5 alone: phones that know no other (baresip 1.0 is one)
    give up at a challenge that offers more, though RFC 8760 section 2.4 wants them to pass over it.
    """

    __slots__ = ("realm", "users", "random", "algorithms", "nonces")

    def __init__(self, realm, users, random, algorithms=("MD5",)):
        self.realm = realm
        self.users = users
        self.random = random
        self.algorithms = algorithms
        self.nonces = {}

    def check(self, message, now):
        """(user, stale): the user who proved the password, or "" and whether only the nonce was too old."""
        for key, value in message.headers:
            if key != "authorization":
                continue
            given = read(value)
            if given.get("realm") != self.realm:
                continue
            algorithm = given.get("algorithm", "MD5").upper()
            user = given.get("username", "")
            nonce = given.get("nonce", "")
            nc = given.get("nc", "")
            if algorithm not in self.algorithms or user not in self.users or given.get("qop") != "auth":
                return "", False
            secret = secret_value(algorithm, user, self.realm, self.users[user])
            uri = given.get("uri", "")
            expected = response_value(
                algorithm, secret, message.method, uri, nonce, "auth", nc, given.get("cnonce", "")
            )
            # An URI of another resource would be a replay of something else (section 3.4.6).
            if uri.lower() != message.uri.lower() or not _equal(expected, given.get("response", "")):
                return "", False
            known = self.nonces.get(nonce)
            try:
                count = int(nc, 16)
            except ValueError:
                return "", False
            if not known or known[0] < now or count <= known[1]:
                return "", True
            known[1] = count
            return user, False
        return "", False

    def challenges(self, now, stale=False):
        """The values of WWW-Authenticate for a 401."""
        for nonce in [key for key in self.nonces if self.nonces[key][0] < now]:
            del self.nonces[nonce]
        while len(self.nonces) >= MAX_NONCES:
            # Under a flood the oldest go; their owners are challenged again.
            del self.nonces[min(self.nonces, key=self._expiry)]
        nonce = hexadecimal(self.random(16))
        self.nonces[nonce] = [now + NONCE_MS, 0]
        tail = "Digest realm=%s, nonce=%s, qop=%s%s, algorithm=" % (
            quote(self.realm),
            quote(nonce),
            quote("auth"),
            ", stale=true" if stale else "",
        )
        return [tail + algorithm for algorithm in self.algorithms]

    def _expiry(self, nonce):
        return self.nonces[nonce][0]


def _equal(a, b):
    # Takes as long for a near miss as for a far one.
    if len(a) != len(b):
        return False
    difference = 0
    for i in range(len(a)):
        difference |= ord(a[i]) ^ ord(b[i])
    return difference == 0
