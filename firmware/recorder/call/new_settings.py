"""The sides of a gateway under new settings that keep its address and port. Loaded for that, and unloaded afterwards.

A side whose settings did not change keeps its registration, or the telephone that is registered at it.
"""

from recorder.call import sides as gateway_sides
from recorder.call.sources import HOST, MODE, USER, Sources


def reopen(gateway, agent, sources, old, new):
    """sources: of the old sides. -> those of the new ones. Raises OSError where a name cannot be looked up that was not among the
    old ones without an address; then nothing has changed."""
    hal = gateway.hal
    optional = sources.unresolved
    sources = Sources(hal, new, agent)
    gateway_sides.look_up(new, sources, hal, gateway.log, optional)
    old = [side for side in old if side[HOST] not in optional]
    for side in old:
        if side not in new and side[MODE] == "register":
            _forget_registration(agent, side)
    if not [side for side in new if side[MODE] == "registrar"]:
        agent.registrar = agent.authenticator = None
        agent.trusted = ()
    gateway_sides.open_all(agent, new, sources, hal, old)
    return sources


def _forget_registration(agent, side):
    """No request to remove the binding: the next registration may have the same contact. It ends by its own time."""
    aor = "sip:%s@%s" % (side[USER], side[HOST])
    for registration in agent.registrations[:]:
        if registration.aor == aor:
            agent.registrations.remove(registration)
