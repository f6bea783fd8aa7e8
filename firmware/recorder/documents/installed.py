"""Reads and checks the documents that are installed. Loaded at the start and after provisioning, and unloaded afterwards.

store: the Documents that keeps them.
"""

from recorder import files
from recorder.loading import unload


async def load(store, kind):
    """kind: "settings", "policy", "notices" or "objections"."""
    if kind == "notices":
        await _load_notices(store)
    elif kind == "objections":
        await _load_objections(store)
    else:
        await _load_one(store, kind)


async def _load_one(store, kind):
    path = store.hal.root + "/" + kind + files.SIGNED
    if files.size(path) < 0 and files.size(path + files.COPY) < 0:
        return
    from recorder.documents import second_copy

    unload("recorder.documents.second_copy")
    data = files.read(path)
    document, reason = await read(store, kind, data)
    if not reason:
        store.install(document, data)
        second_copy.keep(store, kind, data)
    elif not await second_copy.restore(store, kind, reason, read):
        _problem(store, kind, "not used: " + reason)


async def read(store, kind, data):
    """-> (document, ""), or (None, why it cannot be used)."""
    document, reason = await store.signed(data)
    if not reason and document.kind != kind:
        return None, "is a " + document.kind
    return document, reason


async def _load_notices(store):
    for suffix in (files.SIGNED, files.WAITING):
        for name in store.notices(suffix):
            if await _check(store, store.folder + "/" + name + suffix, "notice " + name):
                store.notices_checked.add(name + suffix)
    if [name for name in files.names(store.folder) if name.endswith((files.WAITING, files.GOT))]:
        from recorder.documents import intake

        unload("recorder.documents.intake", "recorder.documents.blobs")
        intake.resume(store)


async def _load_objections(store):
    usable = True
    for suffix in (files.SIGNED, files.WAITING):
        path = store.hal.root + "/objections" + suffix
        if files.size(path) >= 0:
            if await _check(store, path, "objections"):
                store.objection_list()
            elif files.size(path) >= 0:
                usable = False  # it could not be set aside
    store.objections_checked = usable
    if usable and store.objections:
        store.objections.remove_unneeded()


async def _check(store, path, what):
    """Whether the document has a valid signature of the operator; one that has none is set aside."""
    _, reason = await store.signed(files.read(path))
    if not reason:
        return True
    base = path[: -len(files.SIGNED)] if path.endswith(files.SIGNED) else path
    # Without an operator none can be checked: that is no fault of the document.
    aside = store.identity.operator and files.set_aside(path, base)
    _problem(store, what, ("set aside: " if aside else "not used: ") + reason)
    return False


def _problem(store, what, text):
    store.problems[what] = text
    store.log(what + " " + text)
