"""Starts the gateway, and puts new settings into force, also while calls are up. Loaded for that, and unloaded afterwards.

Where address and port stay, the gateway goes on with the new settings. Else a new one takes new calls, and the old one ends
when its calls have. Settings that cannot be used leave the gateway as it is, are told, and are tried again. Only another
network waits until no call is up: the calls would be lost with the old one.
"""

import asyncio

from recorder.hal import HalError

RETRY_MS = 10000
IDLE_MS = 3600000
STEP_MS = 500
GROW_MS = 5000  # the documents that come with the settings are stored by then
QUIET = "another network is joined when no call is up"
LAST_ANSWERS_MS = 35000  # a transaction of SIP is over after 32 s


async def update(app, started):
    """Puts the newest settings into force -> milliseconds after which to try again.

    app: the Appliance, whose `gateway` and `settings` are what is in force. started: not those that the start has found.
    """
    settings = app.documents.settings
    sources = app.gateway and app.gateway.sources
    why = ""
    if settings and settings is not app.settings:
        if started and app.hal.must_grow(settings.max_calls):
            asyncio.create_task(_grow(app, settings))
        why = await _put_in_force(app, settings)
    if sources and sources is app.gateway.sources and not app.hal.calls:
        sources.look_up_again(app.log)
    _tell(app, settings, why)
    again_ms = app.gateway.sources.again_ms if app.gateway else 0
    return RETRY_MS if why else again_ms or IDLE_MS


async def _grow(app, settings):
    """Restarts with the heap that new settings need, where the machine gives it, as soon as no call is up."""
    await asyncio.sleep_ms(GROW_MS)
    while app.hal.calls:
        await asyncio.sleep_ms(STEP_MS)
    if app.documents.settings is settings:
        app.log("restarts with a larger heap, for %d calls" % settings.max_calls)
        app.hal.reset()


def _tell(app, settings, why):
    if why and why != app.settings_problem:
        app.log("no SIP: " + why if app.settings is None else "settings %d not in force: %s" % (settings.version, why))
    app.settings_problem = why


async def _put_in_force(app, settings):
    """-> why it cannot be done now, or ""."""
    hal = app.hal
    network_changes = app.settings is not None and app.settings.network != settings.network
    while network_changes and hal.calls:
        _tell(app, settings, QUIET)
        if app.changed.is_set():
            return QUIET
        await asyncio.sleep_ms(STEP_MS)
    try:
        host = await hal.network(settings.network)
        if host is not None:
            _use(app, settings, settings.sip[0] or host)
    except (HalError, OSError, MemoryError) as exc:
        if network_changes:
            await _return_to(app)
        return str(exc) or "memory"
    app.settings = settings
    return ""


async def _return_to(app):
    try:
        await app.hal.network(app.settings.network)
    except (HalError, OSError) as exc:
        app.log.fault("network", exc)


def _use(app, settings, host):
    old = app.gateway
    if old and old.address == (host, settings.sip[1]):
        old.apply(settings)
        app.log("settings %d in force" % settings.version)
        return
    from recorder.call.gateway import Gateway

    made = Gateway(app.hal, app.primitives, app, settings, host, app.log)
    made.older = old
    made.task = asyncio.create_task(made.run())
    app.gateway = made
    app.log("SIP on %s:%d" % made.address)
    if old:
        old.retire()
        asyncio.create_task(_end(made, old))


async def _end(gateway, old):
    """Ends a gateway when its calls and its last answers are over."""
    while old.calls:
        await asyncio.sleep_ms(STEP_MS)
    gateway.older = old.older
    await asyncio.sleep_ms(LAST_ANSWERS_MS)
    old.task.cancel()
    old.close()
