"""Opens the two sides of the gateway, as the settings say. Loaded for it, and unloaded.

Where a name cannot be looked up, the address that it had last is used: a call for help must not wait for a name server.
"""

from recorder import files
from recorder.call.sources import HOST, MODE, PASSWORD, PORT, USER
from testigo_wire.encoding import cbor
from testigo_wire.sip.dialog import is_numeric

MAX_KEPT = 4  # names
FILE = "/addresses.cbor"
MAGIC = "testigo addresses"


def look_up(sides, sources, hal, log):
    """Looks the names of both sides up, once. Raises OSError for one that never had an address."""
    kept = _kept(hal)
    found = []
    for side in sides:
        host = side[HOST]
        if not host or is_numeric(host):
            continue
        try:
            address = sources.resolve(host)
        except OSError:
            address = dict(kept).get(host)
            if address is None:
                raise
            sources.use(host, address)
            log("%s cannot be looked up: its last address is used" % host)
        found.append([host, address])
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


def open_all(agent, sides, resolve, credentials, hal, old=()):
    """sides: near and far. resolve(host): its address. credentials(side): for a server that the appliance registers with.

    old: sides that are open; those that did not change stay as they are.
    """
    for side in sides:
        if side[MODE] == "register" and side in old:
            continue
        if side[MODE] == "register":
            from testigo_wire.sip import register

            aor = "sip:%s@%s" % (side[USER], side[HOST])
            register.register(agent, aor, (resolve(side[HOST]), side[PORT]), credentials(side), hal.ms())
        elif side[MODE] == "registrar":
            from testigo_wire.sip.registrar import Registrar

            if side not in old:
                agent.registrar = registrar = Registrar("testigo", {side[USER]: side[PASSWORD]}, hal.random)
                agent.authenticator = registrar.authenticator
                agent.authenticator.refused = agent.refused
            other = sides[side is sides[0]]
            agent.trusted = {resolve(other[HOST])} if other[HOST] else set()
        else:
            resolve(side[HOST])
