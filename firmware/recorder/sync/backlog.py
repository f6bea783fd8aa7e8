"""Whether recordings that wait for the vault are about to fill the storage. Loaded for one look and unloaded after it."""

from recorder.storage.recordings import FREE_TO_RECORD

LOW = 4 * FREE_TO_RECORD


def fills_storage(app):
    """Logged when it is so. What is still being recorded cannot be delivered, and does not count."""
    free = app.hal.free_bytes() if app.spool.numbers() else LOW
    if free < LOW:
        app.log("sync beside a call, which is silent for a second: %d KB are free" % (free // 1024))
    return free < LOW
