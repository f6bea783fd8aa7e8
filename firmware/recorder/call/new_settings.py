"""The sides of a gateway under new settings that keep its address and port. Loaded for that, and unloaded afterwards.

A side whose settings did not change keeps its registration, or the telephone that is registered at it.
"""

from recorder.call import sides as gateway_sides
from recorder.call.sources import HOST, MODE, USER, Sources


def reopen(gateway, agent, old, new, credentials):
    """-> the Sources of the new sides. Raises OSError where a name cannot be looked up; then nothing has changed."""
    hal = gateway.hal
    sources = Sources(hal, new, agent)
    gateway_sides.look_up(new, sources, hal, gateway.log)
    for side in new:
        if side[HOST]:
            sources.resolve(side[HOST])
    for side in old:
        if side not in new and side[MODE] == "register":
            _forget_registration(agent, side)
    if not [side for side in new if side[MODE] == "registrar"]:
        agent.registrar = agent.authenticator = None
        agent.trusted = ()
    gateway_sides.open_all(agent, new, sources.resolve, credentials, hal, old)
    sources.refresh()
    return sources


def _forget_registration(agent, side):
    """No request to remove the binding: the next registration may have the same contact. It ends by its own time."""
    aor = "sip:%s@%s" % (side[USER], side[HOST])
    for registration in agent.registrations[:]:
        if registration.aor == aor:
            agent.registrations.remove(registration)
