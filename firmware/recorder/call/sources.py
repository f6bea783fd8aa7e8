"""Where datagrams of SIP come from: which side of the gateway, and whether one more is processed now.

The near side is the worker's, the far side the trunk. A known source is the address of a side, of the telephone that is
registered, or of a peer of a call that is up. All others are unknown: few of their messages are processed.
"""

from recorder.loading import unload
from recorder.media.leg import FAR, NEAR
from testigo_wire.sip.message import SipError
from testigo_wire.sip.message import uri as parse_uri

REFRESH_MS = 500
DROP, COUNTED, KNOWN = range(3)
MODE, HOST, PORT, USER, AUTH_USER, PASSWORD, LINE = range(7)


class Sources:
    def __init__(self, hal, sides, agent):
        """sides: near and far of the settings document. agent: of SIP, with its registrar and its calls."""
        self._hal = hal
        self._sides = sides
        self._agent = agent
        self._addresses = {}
        self.again_ms = 0  # after which the hosts without an address are looked up again
        self._limiter = None
        self._refresh_at = 0
        self._exact = self._hosts = ()
        self._raw = None
        self._peers = {}  # SIP call: the host that its requests come from

    def look_up(self, host):
        """-> the address of a host of the settings, which blocks every call meanwhile. Raises OSError."""
        self._addresses[host] = address = self._hal.peer(self._hal.address(host, 5060))[0]
        return address

    def resolve(self, host):
        """The address of a host of the settings, or None: it has none yet. Looked up once, at the start."""
        if host not in self._addresses:
            self.look_up(host)
        return self._addresses[host]

    def use(self, host, address):
        """The address of a host that cannot be looked up; None: it never had one."""
        self._addresses[host] = address

    def look_up_again(self, log):
        """Looks up the hosts without an address, and opens their sides -> milliseconds after which to do it again, or 0."""
        if self.unresolved:
            from recorder.call import sides

            unload("recorder.call.sides")
            sides.look_up_again(self, self._sides, self._agent, self._hal, log)
        return self.again_ms

    @property
    def unresolved(self):
        """The hosts without an address."""
        return [host for host in self._addresses if not self._addresses[host]]

    def address_of(self, side):
        """(host, port) from which a side sends, or None: its telephone is not registered, or its host has no address."""
        config = self._sides[side]
        if config[MODE] == "registrar":
            found = self._agent.registrar.lookup(config[USER], self._hal.ms())
            return found[1] if found else None
        host = self.resolve(config[HOST])
        return (host, config[PORT]) if host else None

    def credentials(self, config):
        """Of a side of the settings that answers challenges, or None."""
        if not config[PASSWORD]:
            return None
        from testigo_wire.sip import auth as sip_auth  # loaded for a side that needs a password

        return sip_auth.Credentials(config[AUTH_USER] or config[USER], config[PASSWORD], self._hal.random)

    def target(self, side, sip, user=""):
        """(request URI, address, credentials) of the leg to call, or None. user: the number, if not that of the INVITE."""
        config = self._sides[side]
        if config[MODE] == "registrar":
            found = self._agent.registrar.lookup(config[USER], self._hal.ms())
            return None if found is None else (found[0], found[1], None)
        address = self.address_of(side)
        if address is None:
            return None
        if side == NEAR and config[USER]:
            user = config[USER]
        user = user or parse_uri(sip.callee)[1]
        return "sip:%s@%s:%d" % (user, config[HOST], config[PORT]), address, self.credentials(config)

    def side_of(self, source):
        """The side that a message came from, by host and port first, then by host; None: neither."""
        addresses = self.address_of(NEAR), self.address_of(FAR)
        for side in (NEAR, FAR):
            if addresses[side] == source:
                return side
        for side in (NEAR, FAR):
            if addresses[side] and addresses[side][0] == source[0]:
                return side
        return None

    def admits(self, start, raw, now):
        """Whether a datagram is processed: DROP, COUNTED (tell `spend` how long it took) or KNOWN.

        start: its first bytes. raw: its source, as the socket gives it.
        """
        if now >= self._refresh_at:
            self._refresh_at = now + REFRESH_MS
            self.refresh()
        if raw in self._exact:
            return KNOWN
        if self._limiter is None:
            from testigo_wire.sip.limiter import Limiter  # loaded for the first source that is not one of these

            self._limiter = Limiter(self._hal.SIP_RATE, self._hal.random)
        self._limiter.renew(now)
        self._raw = raw
        return COUNTED if self._limiter.allows(raw, start, self._is_known_host) else DROP

    def spend(self, us):
        self._limiter.spend(us)

    def _is_known_host(self):
        return self._hal.peer(self._raw)[0] in self._hosts

    def refresh(self):
        """Who is known now: call it after a telephone has registered."""
        peers = {}
        exact = set()
        hosts = set()
        for side in (NEAR, FAR):
            address = self.address_of(side)
            if address:
                exact.add(self._hal.source(address[0], address[1]))
                hosts.add(address[0])
        for call in self._agent.calls:
            peers[call] = self._peers.get(call) or _peer_of(call)
            hosts.add(peers[call])
        self._peers, self._exact, self._hosts = peers, exact, hosts


def _peer_of(call):
    """The host that a call's peer sends requests from; "" until that is known."""
    try:
        return call.dialog.next_hop(call.target)[0] if call.dialog else ""
    except SipError:
        return call.target[0]
