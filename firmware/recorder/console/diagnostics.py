"""The facts that `diag` reports (docs/formats/control.md). Loaded for one request and unloaded after it."""

import gc

from recorder import files
from recorder.loading import unload
from testigo_wire.sip import refusals


def refused(counts):
    names = refusals.NAMES.split(",")
    return [[names[i], counts[i]] for i in range(len(counts)) if counts[i]]


def facts(app, endpoint):
    """[[name, value], ...]. app: the composition root. endpoint: of the serial link. A fact that fails says why."""
    hal, identity, documents, spool = app.hal, app.identity, app.documents, app.spool
    hal.make_room(True)
    found = [
        ["firmware", app.version],
        ["board", hal.board.NAME],
        ["chip", hal.board.CHIP],
        ["uptime_ms", hal.ms()],
        ["heap_free", gc.mem_free()],
        ["heap_used", gc.mem_alloc()],
        ["start", [app.stage, app.start_faults]],
        ["device_id", identity.device_id or ""],
        ["key", app.primitives.sha256(identity.public) if identity.public else b""],
        ["clock", [hal.clock, hal.unix_ms()]],
        ["settings", _settings(app)],
        ["sip", list(app.gateway.address) if app.gateway else []],
        ["no_address", app.gateway.sources.unresolved if app.gateway else []],
        ["policy", [documents.installed_policy.version if documents.installed_policy else 0, documents.policy_why]],
        ["problems", [[what, documents.problems[what]] for what in sorted(documents.problems)]],
        ["calls", hal.calls],
        ["unfinished", spool.unfinished],
        ["unrecorded", [entry[:4] for entry in spool.unrecorded.entries]],
        ["open", app.gateway.open() if app.gateway else []],
        ["refused", refused(app.gateway.refused) if app.gateway else []],
        ["sync", [app.sync.state, app.sync.sent, app.sync.last_ms] if app.sync else ["starting", 0, 0]],
        ["serial", [endpoint.sent, endpoint.resent, endpoint.received, endpoint.bad]],
        ["faults", _faults(app)],
        ["log", app.log.lines(4)],
    ]
    # These read the flash, which may be what has failed.
    for name, read, without in (
        ("storage_free", hal.free_bytes, 0),
        ("documents", documents.versions, []),
        ("wanted", lambda: _wanted(documents), []),
        ("recordings", lambda: _recordings(spool), [0, 0, spool.next_number]),
        ("set_aside", spool.aside, []),
        ("damaged", lambda: _damaged(hal.root), []),
    ):
        try:
            found.append([name, read()])
        except OSError as exc:
            app.log.fault("diag: " + name, exc)
            found.append([name, without])
    return found


def _faults(app):
    found = [[kind, app.log.faults[kind]] for kind in sorted(app.log.faults)]
    late = app.recordings.late_events if app.recordings else 0
    return found + [["events after the end of their recording", late]] if late else found


def _settings(app):
    newest = app.documents.settings
    return [app.settings.version if app.settings else 0, newest.version if newest else 0, app.settings_problem]


def _wanted(documents):
    from recorder.documents import inventory

    unload("recorder.documents.inventory", "recorder.documents.room")
    return [entry[:2] for entry in inventory.missing(documents)]


def _recordings(spool):
    numbers = spool.numbers()
    return [len(numbers), numbers[0] if numbers else 0, spool.next_number]


def _damaged(root):
    """Files that were set aside, without recordings."""
    found = []
    for folder in ("", "identity/", "notices/"):
        found += [folder + name for name in files.names(root + "/" + folder.rstrip("/")) if name.endswith(files.BAD)]
    return found
