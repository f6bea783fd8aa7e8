"""Receives signed documents and the files that they name. Loaded when some come, and unloaded afterwards.

store: the Documents that keeps them.
"""

import os

from recorder import files
from recorder.documents import blobs, inventory, room, second_copy
from testigo_wire.crypto import p256
from testigo_wire.errors import DocumentError
from testigo_wire.policy import objections

CHECK_EVERY = 65536


async def accept(store, data):
    """Accepts a signed document with a higher version, or the one that is held -> (ok, reason)."""
    try:
        return await _accept(store, data)
    except OSError as exc:
        store.log.fault("document not stored", exc)
        return False, "not stored: " + files.why(exc)


async def _accept(store, data):
    document, reason = await store.signed(data)
    if not reason:
        reason = _refusal(store, document)
    if reason:
        store.log("document refused: " + reason)
        return False, reason
    name = document.body[0] if document.kind == "notice" else ""
    held = _held(store, document.kind, name)
    if document.version == held[0]:
        return (True, "held") if held[1] == data else (False, "another version %d is held" % held[0])
    reason = room.lacks(store.hal, len(data)) or room.lacks(store.hal, _named_bytes(store, document))
    if reason:
        store.log("%s version %d refused: %s" % (document.kind, document.version, reason))
        return False, reason
    if document.kind == "notice":
        files.replace(store.folder + "/" + name + files.WAITING, data)
        store.notices_checked.add(name + files.WAITING)
        store.problems.pop("notice " + name, None)
        _activate(store, name)
    elif document.kind == "objections":
        in_force = store.objection_list().accept(document, data)
        store.problems.pop("objections", None)
        if in_force:
            store.notify("objections", "")
    else:
        second_copy.keep(store, document.kind, data)
        files.replace(store.hal.root + "/" + document.kind + files.SIGNED, data)
        store.install(document, data)
        store.notify(document.kind, "")
    return True, ""


def _named_bytes(store, document):
    """How many bytes the files have that a document names and that are not here."""
    if document.kind == "objections":
        return document.body[1] * objections.WIDTH
    if document.kind == "notice":
        notice = store.notice_of(document)
        return sum(notice.length(encoding) for encoding in notice.missing())
    return 0


def _held(store, kind, name):
    """(version, bytes) of the newest document of that kind and name."""
    if kind == "notice":
        version = inventory.notice_version(store, name)
        path = store.folder + "/" + name
        data = files.read(path + files.WAITING) or files.read(path + files.SIGNED)
        return version, data
    if kind == "objections":
        return (store.objections.version, store.objections.data()) if store.objections else (0, None)
    installed = store.installed_policy if kind == "policy" else store.settings
    return installed.version if installed else 0, files.read(store.hal.root + "/" + kind + files.SIGNED)


def _refusal(store, document):
    kind = document.kind
    if kind not in ("policy", "settings", "notice", "objections"):
        return kind + " is not kept here"
    name = ""
    if kind == "notice":
        name = document.body[0]
        if not name or len(name) > 32 or name[0] == "." or "/" in name:
            return "notice name"
    if kind == "policy":
        try:
            for _, _, public in document.body[8]:
                p256.decode_point(public)
        except p256.PointError:
            return "a recipient's key is not on the curve"
    if kind == "settings":
        why = store.limit_of(document)
        if why:
            return "max_calls %d: %s" % (document.body[3], why)
    if document.version < _held(store, kind, name)[0]:
        return "%s version %d is older than the one held" % (kind, document.version)
    return ""


def blob(store, name, offset, data, last):
    """Receives a piece -> the next offset; 0 again if the complete file had a wrong digest."""
    try:
        return _blob(store, name, offset, data, last)
    except OSError as exc:
        store.log.fault("document not stored", exc)
        raise DocumentError(name + " not stored: " + files.why(exc))


def _blob(store, name, offset, data, last):
    blob_name = name
    name, _, encoding = name.rpartition(".")
    if name == "objections" and encoding == "list" and store.objections:
        for _, _, length in store.objections.missing():
            _check_room(store, blob_name, offset, length)
        following, settled = store.objections.blob(offset, data, last)
        if settled:
            store.notify("objections", "")
        if following is not None:
            return following
    for suffix in (files.WAITING, files.SIGNED):
        notice = store.notice_as(name, suffix) if "/" not in name else None
        if notice and encoding in notice.missing():
            break
    else:
        raise DocumentError("no notice lacks " + blob_name)
    _check_room(store, blob_name, offset, notice.length(encoding) - offset)
    following, whole = blobs.receive(
        notice.path(encoding), notice.length(encoding), notice.digest(encoding), offset, data, last,
        store.primitives.new_sha256,
    )  # fmt: skip
    if whole:
        _activate(store, name)
    elif not following and data:
        store.log("audio of notice %s has a wrong digest" % name)
    return following


def _check_room(store, name, offset, length):
    """Not for every piece: a file system may read all its blocks to count the free ones."""
    reason = room.lacks(store.hal, length) if offset % CHECK_EVERY < blobs.CHUNK else ""
    if reason:
        raise DocumentError(name + ": " + reason)


def resume(store):
    """Finishes what a power cut interrupted: audio that is complete, and notices whose audio is. Removes what is not needed."""
    for name in store.notices(files.WAITING):
        waiting, in_force = store.notice_as(name, files.WAITING), store.notice_as(name, files.SIGNED)
        if waiting and in_force and waiting.version <= in_force.version:
            store.notices_checked.discard(name + files.WAITING)
            os.remove(store.folder + "/" + name + files.WAITING)
    for suffix in (files.SIGNED, files.WAITING):
        for name in store.notices(suffix):
            notice = store.notice_as(name, suffix)
            for encoding in notice.missing() if notice else ():
                path, length = notice.path(encoding), notice.length(encoding)
                if files.size(path + files.GOT) == length:
                    blobs.receive(path, length, notice.digest(encoding), length, b"", True, store.primitives.new_sha256)
            _activate(store, name)
    _remove_unneeded(store)


def _activate(store, name):
    """Puts a waiting notice into force if its audio is complete."""
    waiting = store.notice_as(name, files.WAITING)
    if waiting and not waiting.missing():
        os.rename(store.folder + "/" + name + files.WAITING, store.folder + "/" + name + files.SIGNED)
        store.notices_checked.discard(name + files.WAITING)
        store.notices_checked.add(name + files.SIGNED)
        _remove_unneeded(store)
        store.notify("notice", name)


def _remove_unneeded(store):
    """Removes audio that no notice names."""
    named = set()
    for suffix in (files.SIGNED, files.WAITING):
        for other in store.notices(suffix):
            notice = store.notice_as(other, suffix)
            named.update(notice.path(e)[len(store.folder) + 1 :] for e in (notice.encodings if notice else ()))
    for file in files.names(store.folder):
        base = file[: -len(files.GOT)] if file.endswith(files.GOT) else file
        if base.endswith((".PCMU", ".PCMA")) and base not in named:
            os.remove(store.folder + "/" + file)
