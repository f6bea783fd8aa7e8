"""Which documents and files are here, and which are missing. Loaded for a session with the vault, for diag and for intake, and
unloaded afterwards.

store: the Documents that keeps them.
"""

from recorder import files
from recorder.documents import room


def versions(store):
    """[[kind, name, version], ...] of all documents; a notice counts before its audio is complete."""
    held = []
    for kind, installed in (("policy", store.installed_policy), ("settings", store.settings)):
        if installed:
            held.append([kind, "", installed.version])
    if store.objections and store.objections.version:
        held.append(["objections", "", store.objections.version])
    for name in sorted(set(store.notices(files.SIGNED) + store.notices(files.WAITING))):
        held.append(["notice", name, notice_version(store, name)])
    return held


def notice_version(store, name):
    found = [store.notice_as(name, suffix) for suffix in (files.SIGNED, files.WAITING)]
    return max([notice.version for notice in found if notice] or [0])


def missing(store):
    """[[blob name, next offset, bytes that lack], ...] of incomplete files: audio of notices, and the list of objections."""
    found = store.objections.missing() if store.objections else []
    for suffix in (files.WAITING, files.SIGNED):
        for name in store.notices(suffix):
            notice = store.notice_as(name, suffix)
            for encoding in notice.missing() if notice else ():
                got = max(0, files.size(notice.path(encoding) + files.GOT))
                found.append([name + "." + encoding, got, notice.length(encoding) - got])
    return found


def wanted(store):
    """[[blob name, next offset], ...] of incomplete files that have room."""
    try:
        return [entry[:2] for entry in missing(store) if not room.lacks(store.hal, entry[2])]
    except OSError as exc:
        store.log.fault("documents", exc)
        return []
