"""The stages of a start. Loaded for it, and unloaded afterwards.

What a stage fails by is logged, kept for `diag`, and passed by: the next ones run all the same. The stage that is running is
kept over restarts (RTC memory on a chip). A stage in which several starts in a row ended, by a crash, a hang or for want of
memory, is skipped in the next one, so that the console, and calls without what the stage prepares, are there.
"""

import gc

from recorder import files
from recorder.loading import unload
from recorder.storage import primitives

MAX_TRIES = 3


async def run(app):
    """app: the Appliance, whose `stage` and `start_faults` tell how far it is."""
    load = app.documents.load_kind
    await run_stages(
        app,
        (
            ("files", lambda: _prepare_files(app)),
            ("clock", app.clock.load),
            ("identity", lambda: _load_identity(app)),
            ("settings", lambda: load("settings")),
            ("policy", lambda: load("policy")),
            ("notices", lambda: load("notices")),
            ("objections", lambda: load("objections")),
            ("repair", lambda: _repair(app)),
            ("seed", lambda: _mix_seed(app)),
            ("recordings", app.make_recordings),
        ),
    )


async def run_stages(app, stages):
    """stages: ((name, function or coroutine function), ...), always the same ones in the same order."""
    ended_in, tries = app.hal.kept_stage()
    if 0 < ended_in <= len(stages):
        app.log("the last start ended in stage %s (%d in a row)" % (stages[ended_in - 1][0], tries))
    for number, (name, work) in enumerate(stages, 1):
        app.stage = name
        again = tries if number == ended_in else 0
        if again >= MAX_TRIES:
            fault(app, name, "skipped: %d starts in a row ended here" % again)
            continue
        app.hal.keep_stage(number, again + 1)
        try:
            result = work()
            if result is not None:
                await result
        except Exception as exc:  # noqa: BLE001 - whatever a stage fails by, the console and the calls need the next ones
            gc.collect()
            fault(app, name, files.why(exc))
    app.stage = "complete"
    app.hal.keep_stage(0, 0)


def fault(app, stage, why):
    app.start_faults.append([stage, why])
    app.log("start: %s: %s" % (stage, why))


def _prepare_files(app):
    from recorder.storage import leftovers

    try:
        leftovers.prepare(app.hal, app.log)
    finally:
        unload("recorder.storage.leftovers")
        app.log.ready = True
        app.log("boot: testigo %s on %s" % (app.version, app.hal.board.NAME))
        _log_previous_crash(app)


def _log_previous_crash(app):
    path = app.hal.root + "/crash.txt"
    text = files.read(path)
    if text:
        app.log("crashed before: %r" % text[-120:])
    try:
        files.remove(path)
    except OSError as exc:
        app.log.fault("crash.txt not removed", exc)


def _load_identity(app):
    app.identity.load()
    for name in app.identity.restored:
        app.log.fault("identity/%s damaged, second copy used" % name, "written again")
    if app.identity.damaged:
        fault(app, "identity", app.identity.damaged)


async def _repair(app):
    from recorder.storage import recovery

    unload("recorder.storage.recovery", "testigo_wire.recording.rewrite", "testigo_wire.recording.item_parser")
    for number in await recovery.recover(app.spool):
        app.log("recording %d was cut by a power loss and is closed" % number)


def _mix_seed(app):
    """The device's key, and what changes with every recording, keep keys from being repeated if no seed can be stored."""
    spool = app.spool
    primitives.start(app.hal, (app.identity.private or b"") + spool.previous + b"%d" % spool.next_number)


def repeat(app):
    """After a start whose stage "seed" or "repair" failed: stores the seed, and forgets what Recordings.tick has repaired."""
    if "seed" in [stage for stage, _ in app.start_faults]:
        try:
            _mix_seed(app)
            _forget(app, "seed")
            app.log("the seed is stored")
        except OSError:
            pass  # tried again
    if app.spool.repaired:
        _forget(app, "repair")


def _forget(app, stage):
    app.start_faults = [entry for entry in app.start_faults if entry[0] != stage]


async def check_key(app):
    """After the start, since it takes a chip a second: whether the private key and the public one belong together."""
    try:
        if not await app.identity.check_key():
            fault(app, "identity", app.identity.damaged)
    except OSError as exc:
        app.log.fault("identity not copied", exc)  # tried again at the next start
