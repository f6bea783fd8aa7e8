"""Digest authentication (RFC 7616, RFC 8760, RFC 3261 section 22): MD5 and SHA-256, qop "auth" or none.

Here is the client, which answers challenges; the server, which makes them, is authenticator.py.
"""

import hashlib

from testigo_wire.sip.message import Message, parameters, split

# The algorithms that we answer, the better one first (RFC 8760 section 2.4)
ALGORITHMS = ("SHA-256", "MD5")


def digest(algorithm, text):
    """H(text) in hexadecimal."""
    data = text.encode()
    data = hashlib.sha256(data) if algorithm == "SHA-256" else hashlib.md5(data)
    return data.digest().hex()


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
    """A user's name and password, and the latest challenge to answer with them."""

    __slots__ = ("user", "password", "random", "challenge", "header", "count")

    def __init__(self, user, password, random):
        self.user = user
        self.password = password
        self.random = random
        self.challenge = None
        self.header = ""
        self.count = 0

    def take(self, message):
        """Take the challenge of a 401 or 407; whether it can be answered."""
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
        """Add credentials to a request, if there is a challenge to answer."""
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
            cnonce = self.random(8).hex()
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

    def retry(self, agent, old, challenge, attempts, now):
        """Send the request of a transaction again, with credentials, the next number and a new branch (22.2)."""
        request = old.request
        user = old.user
        user.number += 1
        message = Message(request.method, request.uri)
        message.number = user.number
        message.call_id = request.call_id
        message.from_tag = request.from_tag
        message.body = request.body
        for name, value in request.headers:
            if name == "cseq":
                value = "%d %s" % (user.number, request.method)
            if name not in ("via", "user-agent"):
                message.add(name, value)
        transaction = agent.send(message, old.address, user, None)
        transaction.attempts = attempts
        old.user = None  # it ends here
        try:
            old.receive(challenge, now)
        except MemoryError:
            agent.drop(transaction)
            old.user = user
            raise
        transaction.start(now)
        if user.transaction is old:
            user.transaction = transaction
            user.request = message
        elif getattr(user, "offering", None) is old:
            user.offering = transaction
