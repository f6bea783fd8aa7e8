"""The list of numbers that are never to be recorded, as keyed digests on flash (docs/formats/documents.md, `objections`).

Loaded where there is such a list only. A newer one waits beside the one in force until all of it is here.
"""

import os

from recorder import files
from testigo_wire.errors import WireError
from testigo_wire.policy import documents, objections


class ObjectionList:
    """path: the document's, without suffix. What is there is read when the first question comes: by then the owner has set
    aside what the operator did not sign.
    """

    def __init__(self, path, primitives, log):
        self._path = path
        self._primitives = primitives
        self._log = log
        self._waiting = self._used = None
        self._known = False

    def _load(self):
        self._known = True
        self._waiting = self._read(files.WAITING)
        self._used = self._read(files.SIGNED)

    def _ready(self):
        if not self._known:
            self._load()
            # What a power cut left undone.
            for document in (self._waiting, self._used):
                if document and self._missing(document):
                    got = files.size(self._place(document) + files.GOT)
                    if got == document.body[1] * objections.WIDTH:
                        self._take(document, got, b"", True)
            self._settle()

    @property
    def version(self):
        """Of the newest document, in force or not; 0: none."""
        self._ready()
        newest = self._waiting or self._used
        return newest.version if newest else 0

    def _read(self, suffix):
        data = files.read(self._path + suffix)
        try:
            return documents.parse(data) if data is not None else None
        except WireError as exc:
            self._log("objections%s: %s" % (suffix, exc))
            return None

    def _place(self, document):
        return "%s.%s" % (self._path, document.body[2][:8].hex())

    def _missing(self, document):
        length = document.body[1] * objections.WIDTH
        return length > 0 and files.size(self._place(document)) != length

    def data(self):
        """Bytes of the newest document."""
        return files.read(self._path + files.WAITING) or files.read(self._path + files.SIGNED)

    def accept(self, document, data):
        """Takes a document that was checked. True: it is in force, since it wants no list or the list is here."""
        files.replace(self._path + files.WAITING, data)
        self._load()
        return self._settle()

    def _settle(self):
        waiting = self._waiting
        if waiting is None or self._missing(waiting):
            return False
        os.rename(self._path + files.WAITING, self._path + files.SIGNED)
        self._load()
        folder, _, name = self._path.rpartition("/")
        kept = self._place(self._used)[len(folder) + 1 :]
        for other in files.names(folder):
            if other.startswith(name + ".") and other not in (kept, name + files.SIGNED):
                os.remove(folder + "/" + other)
        return True

    def wanted(self):
        """[[blob name, next offset]] while the list is not whole."""
        self._ready()
        for document in (self._waiting, self._used):
            if document and self._missing(document):
                return [[objections.BLOB, max(0, files.size(self._place(document) + files.GOT))]]
        return []

    def blob(self, offset, data, last):
        """Takes a piece of the list -> (the offset to go on from, whether it is in force now)."""
        self._ready()
        document = self._waiting or self._used
        if document is None or not self._missing(document):
            return None, False
        following, whole = self._take(document, offset, data, last)
        if last and not whole and not following:
            self._log("the list of objections has a wrong digest")
        return following, whole and (self._waiting is None or self._settle())

    def _take(self, document, offset, data, last):
        from recorder.documents import blobs

        length = document.body[1] * objections.WIDTH
        return blobs.take(
            self._place(document), length, document.body[2], offset, data, last, self._primitives.new_sha256
        )

    def objected(self, numbers):
        """Whether one of the numbers in E.164 is on the list in force. A list that was lost or cannot be read lists them all."""
        try:
            self._ready()
            used = self._used
            if used is None:
                return files.size(self._path + files.BAD) >= 0
            if not used.body[1]:
                return False
            return self._missing(used) or self._contains(used, numbers)
        except OSError as exc:
            self._log("objections: " + str(exc))
            return True

    def _contains(self, used, numbers):
        key, count, _ = used.body
        with open(self._place(used), "rb") as file:

            def read(index):
                file.seek(index * objections.WIDTH)
                return file.read(objections.WIDTH)

            for number in numbers:
                if number and objections.contains(read, count, objections.digest(self._primitives, key, number)):
                    return True
        return False
