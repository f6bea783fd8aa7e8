"""Receives signed documents and the files that they name. Loaded when some come, and unloaded afterwards.

store: the Documents that keeps them.
"""

import os

from recorder import files
from recorder.documents import blobs
from testigo_wire.crypto import p256
from testigo_wire.errors import DocumentError


async def accept(store, data):
    """Accepts a signed document with a higher version, or the one that is held -> (ok, reason)."""
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
    if document.kind == "notice":
        files.replace(store.folder + "/" + name + files.WAITING, data)
        _activate(store, name)
    elif document.kind == "objections":
        if store.objection_list().accept(document, data):
            store.notify("objections", "")
    else:
        files.replace(store.hal.root + "/" + document.kind + files.SIGNED, data)
        store.install(document, data)
        store.notify(document.kind, "")
    return True, ""


def _held(store, kind, name):
    """(version, bytes) of the newest document of that kind and name."""
    if kind == "notice":
        version = store.notice_version(name)
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
    if document.version < _held(store, kind, name)[0]:
        return "%s version %d is older than the one held" % (kind, document.version)
    return ""


def blob(store, name, offset, data, last):
    """Receives a piece -> the next offset; 0 again if the complete file had a wrong digest."""
    name, _, encoding = name.rpartition(".")
    if name == "objections" and encoding == "list" and store.objections:
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
        raise DocumentError("no notice lacks " + name + "." + encoding)
    following, whole = blobs.receive(
        notice.path(encoding), notice.length(encoding), notice.digest(encoding), offset, data, last,
        store.primitives.new_sha256,
    )  # fmt: skip
    if whole:
        _activate(store, name)
    elif not following and data:
        store.log("audio of notice %s has a wrong digest" % name)
    return following


def resume(store):
    """Finishes what a power cut interrupted: audio that is complete, and notices whose audio is."""
    for suffix in (files.SIGNED, files.WAITING):
        for name in store.notices(suffix):
            notice = store.notice_as(name, suffix)
            for encoding in notice.missing() if notice else ():
                path, length = notice.path(encoding), notice.length(encoding)
                if files.size(path + files.GOT) == length:
                    blobs.receive(path, length, notice.digest(encoding), length, b"", True, store.primitives.new_sha256)
            _activate(store, name)


def _activate(store, name):
    """Puts a waiting notice into force if its audio is complete, and removes audio that no notice names."""
    waiting = store.notice_as(name, files.WAITING)
    if waiting and not waiting.missing():
        os.rename(store.folder + "/" + name + files.WAITING, store.folder + "/" + name + files.SIGNED)
        store.notify("notice", name)
    named = set()
    for suffix in (files.SIGNED, files.WAITING):
        for other in store.notices(suffix):
            notice = store.notice_as(other, suffix)
            named.update(notice.path(e)[len(store.folder) + 1 :] for e in (notice.encodings if notice else ()))
    for file in files.names(store.folder):
        base = file[: -len(files.GOT)] if file.endswith(files.GOT) else file
        if base.endswith((".PCMU", ".PCMA")) and base not in named:
            os.remove(store.folder + "/" + file)
