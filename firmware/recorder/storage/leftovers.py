"""Makes the device's folders fit for use before anything is written at a start. Loaded for that, and unloaded afterwards.

Parts of writes that a power cut interrupted are removed, since on a full flash they take the room of what is written next. A
folder that has the name of a file of ours, or a file in the place of a folder, is set aside.
"""

import os

from recorder import files

FOLDERS = ("identity", "notices")
OURS = (".tsd", ".new", ".bin", ".txt", ".old", ".der", ".cbor", ".got", files.PART, files.COPY, ".PCMU", ".PCMA")
SCARCE = 16384  # bytes: below that the older log is given up, so that seed, time and numbers can be written


def prepare(hal, log):
    """What cannot be done is counted as a fault; the next stages find out what it means for them."""
    root = hal.root
    for path in [root + "/" + name for name in FOLDERS] + [hal.spool_root + "/spool"]:
        if files.size(path) >= 0 and not files.is_folder(path):
            _set_aside(path, log)
        try:
            files.make_folder(path)
        except OSError as exc:
            log.fault("start: " + path, exc)
    for folder in (root, root + "/identity", root + "/notices"):
        try:
            found = files.names(folder)
        except OSError as exc:
            log.fault("start: " + folder, exc)
            continue
        for name in found:
            _check(folder + "/" + name, log)
    try:
        if hal.free_bytes(root) < SCARCE:
            files.remove(root + "/log.txt.old")
    except OSError as exc:
        log.fault("start: log.txt.old", exc)


def _check(path, log):
    if path.endswith(OURS) and files.is_folder(path):
        _set_aside(path, log)
    elif path.endswith(files.PART):
        try:
            os.remove(path)
        except OSError as exc:
            log.fault("start: " + path, exc)


def _set_aside(path, log):
    done = files.set_aside(path)
    log("%s is not what belongs there: %s" % (path, "set aside" if done else "it cannot be set aside"))
