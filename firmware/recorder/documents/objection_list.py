"""The list of numbers that must not be recorded, as keyed digests on flash (docs/formats/documents.md, `objections`).

Loaded only where there is such a list. A newer one waits beside the one in force until it is complete.
"""

import os

from recorder import files
from testigo_wire.errors import WireError
from testigo_wire.policy import documents, objections


class ObjectionList:
    """path: of the document, without suffix. The files are read on first use: by then `Documents` has set aside those without
    a valid signature.
    """

    def __init__(self, path, primitives, log):
        self._path = path
        self._primitives = primitives
        self._log = log
        self._waiting = self._in_force = None
        self._loaded = False

    def _load(self):
        self._loaded = True
        self._waiting = self._read(files.WAITING)
        self._in_force = self._read(files.SIGNED)

    def _ensure_loaded(self):
        if not self._loaded:
            self._load()
            # Finishes what a power cut interrupted.
            for document in (self._waiting, self._in_force):
                if document and self._missing(document):
                    got = files.size(self._list_path(document) + files.GOT)
                    if got == document.body[1] * objections.WIDTH:
                        self._receive(document, got, b"", True)
            self._activate()

    @property
    def version(self):
        """Of the newest document, in force or not; 0: none."""
        self._ensure_loaded()
        newest = self._waiting or self._in_force
        return newest.version if newest else 0

    def _read(self, suffix):
        data = files.read(self._path + suffix)
        try:
            return documents.parse(data) if data is not None else None
        except WireError as exc:
            self._log("objections%s: %s" % (suffix, exc))
            return None

    def _list_path(self, document):
        return "%s.%s" % (self._path, document.body[2][:8].hex())

    def _missing(self, document):
        length = document.body[1] * objections.WIDTH
        return length > 0 and files.size(self._list_path(document)) != length

    def data(self):
        """Bytes of the newest document."""
        return files.read(self._path + files.WAITING) or files.read(self._path + files.SIGNED)

    def accept(self, document, data):
        """Keeps a document that was checked -> whether it is in force: its list is empty, or complete."""
        files.replace(self._path + files.WAITING, data)
        self._load()
        return self._activate()

    def _activate(self):
        waiting = self._waiting
        if waiting is None or self._missing(waiting):
            return False
        os.rename(self._path + files.WAITING, self._path + files.SIGNED)
        self._load()
        self._remove_others([])
        return True

    def remove_unneeded(self):
        """At the start: a document that is not newer than the one in force, and lists that no document names."""
        self._ensure_loaded()
        waiting, in_force = self._waiting, self._in_force
        if waiting and in_force and waiting.version <= in_force.version:
            os.remove(self._path + files.WAITING)
            self._waiting = None
        # What was set aside stays: it shows that there is to be a list.
        name = self._path.rpartition("/")[2]
        self._remove_others([name + files.BAD, name + files.WAITING + files.BAD])

    def _remove_others(self, kept):
        folder, _, name = self._path.rpartition("/")
        kept += [name + files.SIGNED, name + files.WAITING]
        for document in (self._waiting, self._in_force):
            if document:
                path = self._list_path(document)[len(folder) + 1 :]
                kept += [path, path + files.GOT]
        for other in files.names(folder):
            if other.startswith(name + ".") and other not in kept:
                os.remove(folder + "/" + other)

    def missing(self):
        """[[blob name, next offset, bytes that lack]] while the list is not complete."""
        self._ensure_loaded()
        for document in (self._waiting, self._in_force):
            if document and self._missing(document):
                got = max(0, files.size(self._list_path(document) + files.GOT))
                return [[objections.BLOB, got, document.body[1] * objections.WIDTH - got]]
        return []

    def blob(self, offset, data, last):
        """Receives a piece of the list -> (the next offset, whether the list is in force now)."""
        self._ensure_loaded()
        document = self._waiting or self._in_force
        if document is None or not self._missing(document):
            return None, False
        following, whole = self._receive(document, offset, data, last)
        if last and not whole and not following:
            self._log("the list of objections has a wrong digest")
        return following, whole and (self._waiting is None or self._activate())

    def _receive(self, document, offset, data, last):
        from recorder.documents import blobs

        length = document.body[1] * objections.WIDTH
        return blobs.receive(
            self._list_path(document), length, document.body[2], offset, data, last, self._primitives.new_sha256
        )

    def contains_any(self, numbers):
        """Whether a number (E.164) is on the list in force. If that is lost or unreadable, every number counts as listed."""
        try:
            self._ensure_loaded()
            in_force = self._in_force
            if in_force is None:
                return files.size(self._path + files.BAD) >= 0
            if not in_force.body[1]:
                return False
            return self._missing(in_force) or self._contains(in_force, numbers)
        except OSError as exc:
            self._log("objections: " + str(exc))
            return True

    def _contains(self, in_force, numbers):
        key, count, _ = in_force.body
        with open(self._list_path(in_force), "rb") as file:

            def read(index):
                file.seek(index * objections.WIDTH)
                return file.read(objections.WIDTH)

            for number in numbers:
                if number and objections.contains(read, count, objections.digest(self._primitives, key, number)):
                    return True
        return False
