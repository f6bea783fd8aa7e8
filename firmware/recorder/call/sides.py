"""Opens the two sides of the gateway, as the settings say. Loaded once for it, and unloaded."""

from recorder.call.sources import HOST, MODE, PASSWORD, PORT, USER


def open_all(agent, sides, resolve, credentials, hal):
    """sides: near and far. resolve(host): its address. credentials(side): for a server that the appliance registers with."""
    for side in sides:
        if side[MODE] == "register":
            from testigo_wire.sip import register

            aor = "sip:%s@%s" % (side[USER], side[HOST])
            register.register(agent, aor, (resolve(side[HOST]), side[PORT]), credentials(side), hal.ms())
        elif side[MODE] == "registrar":
            from testigo_wire.sip.registrar import Registrar

            registrar = Registrar("testigo", {side[USER]: side[PASSWORD]}, hal.random)
            agent.registrar = registrar
            agent.authenticator = registrar.authenticator
            agent.authenticator.refused = agent.refused
            other = sides[side is sides[0]]
            agent.trusted = {resolve(other[HOST])} if other[HOST] else set()
        else:
            resolve(side[HOST])
