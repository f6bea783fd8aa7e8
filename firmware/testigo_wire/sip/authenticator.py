"""The server of digest authentication (RFC 7616, RFC 3261 section 22): challenges who registers here or calls."""

from testigo_wire.compat import const
from testigo_wire.sip.auth import quote, read, response_value, secret_value

NONCE_MS = const(300000)
MAX_NONCES = const(16)


class Authenticator:
    """Makes nonces with a limited life, and counts their use against replay (section 3.4).

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
            # In a flood the oldest are removed; their users are challenged again.
            del self.nonces[min(self.nonces, key=self._expiry)]
        nonce = self.random(16).hex()
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
    # In constant time, so that its duration tells nothing of the password.
    if len(a) != len(b):
        return False
    difference = 0
    for i in range(len(a)):
        difference |= ord(a[i]) ^ ord(b[i])
    return difference == 0
