"""Opens the two sides of the gateway, as the settings say. Loaded for it, and unloaded.

Where a name cannot be looked up, the address that it had last is used: a call for help must not wait for a name server. A side
whose name never had an address is opened when it has one; the other side, console and sync work meanwhile.
"""

from recorder import files
from recorder.call.sources import HOST, MODE, PASSWORD, PORT, USER
from testigo_wire.encoding import cbor
from testigo_wire.sip.dialog import is_numeric

AGAIN_MS = 10000  # then twice as long each time: a look-up that fails takes seconds, in which nothing else is done
AGAIN_MOST_MS = 300000
MAX_KEPT = 4  # names
FILE = "/addresses.cbor"
MAGIC = "testigo addresses"


def look_up(sides, sources, hal, log, optional=None):
    """Looks up the hosts of both sides, once. optional: those that may be without an address, None: all. Raises OSError for
    another one that never had an address."""
    kept = _kept(hal)
    found = []
    for side in sides:
        host = side[HOST]
        if not host:
            continue
        try:
            address = sources.look_up(host)
        except OSError:
            address = dict(kept).get(host)
            if address is None and optional is not None and host not in optional:
                raise
            sources.use(host, address)
            why = "its last address is used" if address else "calls to it are refused until it has an address"
            log("%s cannot be looked up: %s" % (host, why))
        if address and not is_numeric(host):
            found.append([host, address])
    sources.again_ms = AGAIN_MS if sources.unresolved else 0
    _keep(hal, log, kept, found)


def look_up_again(sources, sides, agent, hal, log):
    """Looks up the hosts that have no address. Opens their sides with those that have one now."""
    found = []
    for host in sources.unresolved:
        try:
            found.append([host, sources.look_up(host)])
        except OSError:
            continue
        log("%s has the address %s now" % (host, found[-1][1]))
    sources.again_ms = min(2 * sources.again_ms, AGAIN_MOST_MS) if sources.unresolved else 0
    if found:
        names = [host for host, _ in found]
        open_all(agent, sides, sources, hal, [side for side in sides if side[HOST] not in names])
        _keep(hal, log, _kept(hal), found)


def _keep(hal, log, kept, found):
    """found: [[name, address], ...] in place of what is kept of these names."""
    names = [host for host, _ in found]
    found = (found + [pair for pair in kept if pair[0] not in names])[:MAX_KEPT]
    if names and found != kept:
        try:
            files.replace(hal.root + FILE, cbor.encode([MAGIC, 1, found]))
        except OSError as exc:
            log("addresses not kept: " + str(exc))


def _kept(hal):
    """-> [[name, address], ...]"""
    try:
        magic, version, pairs = cbor.decode(files.read(hal.root + FILE) or b"")
        if magic == MAGIC and version == 1:
            return [[host + "", address + ""] for host, address in pairs]
    except (cbor.CborError, ValueError, TypeError):
        pass  # none, or damaged
    return []


def open_all(agent, sides, sources, hal, old=()):
    """sides: near and far, whose hosts were looked up. old: sides that are open; those that did not change stay as they are."""
    for side in sides:
        if side[MODE] == "registrar":
            from testigo_wire.sip.registrar import Registrar

            if side not in old:
                agent.registrar = registrar = Registrar("testigo", {side[USER]: side[PASSWORD]}, hal.random)
                agent.authenticator = registrar.authenticator
                agent.authenticator.refused = agent.refused
            other = sides[side is sides[0]][HOST]
            address = sources.resolve(other) if other else None
            agent.trusted = {address} if address else set()
        elif side[MODE] == "register" and side not in old and sources.resolve(side[HOST]):
            from testigo_wire.sip import register

            aor = "sip:%s@%s" % (side[USER], side[HOST])
            to = (sources.resolve(side[HOST]), side[PORT])
            register.register(agent, aor, to, sources.credentials(side), hal.ms())
    sources.refresh()
