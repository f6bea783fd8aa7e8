"""The facts that `diag` reports (docs/formats/control.md). Loaded for one request and unloaded after it."""

import gc

from testigo_wire.sip import refusals


def refused(counts):
    names = refusals.NAMES.split(",")
    return [[names[i], counts[i]] for i in range(len(counts)) if counts[i]]


def facts(app, endpoint):
    """[[name, value], ...]. app: the composition root. endpoint: of the serial link."""
    hal, identity, documents, spool = app.hal, app.identity, app.documents, app.spool
    hal.make_room(True)
    numbers = spool.numbers()
    policy = documents.installed_policy
    facts = {
        "firmware": app.version,
        "board": hal.board.NAME,
        "chip": hal.board.CHIP,
        "uptime_ms": hal.ms(),
        "heap_free": gc.mem_free(),
        "heap_used": gc.mem_alloc(),
        "storage_free": hal.free_bytes(),
        "device_id": identity.device_id or "",
        "key": app.primitives.sha256(identity.public) if identity.public else b"",
        "clock": [hal.clock, hal.unix_ms()],
        "policy": [policy.version if policy else 0, documents.policy_why],
        "documents": documents.versions(),
        "wanted": documents.wanted(),
        "calls": hal.calls,
        "open": app.gateway.open() if app.gateway else [],
        "refused": refused(app.gateway.refused) if app.gateway else [],
        "recordings": [len(numbers), numbers[0] if numbers else 0, spool.next_number],
        "set_aside": spool.aside(),
        "unrecorded": [entry[:4] for entry in spool.unrecorded.entries],
        "sync": [app.sync.state, app.sync.sent, app.sync.last_ms] if app.sync else ["starting", 0, 0],
        "serial": [endpoint.sent, endpoint.resent, endpoint.received, endpoint.bad],
        "log": app.log.lines(4),
    }
    return list(facts.items())
