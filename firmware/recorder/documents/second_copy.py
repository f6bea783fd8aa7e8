"""Second copies of settings and policy, which calls and recording need at each start. Loaded for that, and unloaded afterwards.

A bit that changes on the flash then ends neither. The copy is written before the document itself, and one that cannot be
written is removed, so a copy is never older than the document: a version that was replaced does not come back. Notices and
lists of objections have none: where one of them is damaged no call of its lines is recorded until the vault sends it again.
"""

from recorder import files


def path_of(store, kind):
    return store.hal.root + "/" + kind + files.SIGNED + files.COPY


def keep(store, kind, data):
    """Write the copy of a document. Raises OSError where an older copy would stay."""
    path = path_of(store, kind)
    try:
        if files.read(path) != data:
            files.replace(path, data)
    except OSError as exc:
        store.log.fault("second copy of " + kind, exc)
        files.remove(path)


async def restore(store, kind, why, read):
    """Use the copy in place of a damaged document -> whether it could be used.

    why: what is wrong with the document; read: of installed.py.
    """
    data = files.read(path_of(store, kind))
    if data is None:
        return False
    document, reason = await read(store, kind, data)
    if reason:
        store.log("second copy of %s: %s" % (kind, reason))
        return False
    store.install(document, data)
    store.log.fault("second copy of %s used" % kind, why)
    try:
        files.replace(store.hal.root + "/" + kind + files.SIGNED, data)
    except OSError as exc:
        store.log.fault("second copy of " + kind, exc)  # tried again at the next start
    return True
