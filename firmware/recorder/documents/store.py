"""The signed documents that the appliance acts on: policy, settings, notices, objections (docs/formats/documents.md).

A document is accepted if the operator signed it and its version is higher, over whatever channel it came. A notice is in
force when all its audio is there too; until then the older one is. Audio files are named by their digest, so that the rename
of the document is the only step that changes what is in force: a power cut leaves the old state or the new one.
"""

import os

from recorder import files
from recorder.loading import unload
from recorder.storage.primitives import steps
from testigo_wire.errors import WireError
from testigo_wire.policy import documents

CLOCK_UNSET = 0


class Policy:
    """version, digest, and the fields of the body; lines, recipients and emergency (None without it) as in the format."""

    def __init__(self, document, digest):
        self.version = document.version
        self.digest = digest
        self.valid_from, self.valid_until = document.body[:2]
        self.numbering, self.offsets, self.recipients, self.lines = document.body[6:10]
        self.emergency = document.body[10] if len(document.body) > 10 else None


class Settings:
    """version, and the fields of the body: lists as in the format, and the number of calls at a time."""

    def __init__(self, document):
        self.version = document.version
        self.network, self.sip, self.sync, self.max_calls = document.body


class Notice:
    """name, language, total_ms, encodings; its audio by open(encoding)."""

    def __init__(self, document, folder):
        self.version = document.version
        self.name, self.language, _, self.total_ms, self._audio = document.body
        self.encodings = [entry[0] for entry in self._audio]
        self._folder = folder

    def _entry(self, encoding):
        return self._audio[self.encodings.index(encoding)]

    def path(self, encoding):
        return "%s/%s.%s" % (self._folder, self.digest(encoding)[:8].hex(), encoding)

    def open(self, encoding):
        return open(self.path(encoding), "rb")

    def digest(self, encoding):
        return self._entry(encoding)[1]

    def length(self, encoding):
        return self._entry(encoding)[2]

    def missing(self):
        """Encodings whose audio is not complete."""
        return [e for e in self.encodings if files.size(self.path(e)) != self.length(e)]


class Documents:
    def __init__(self, hal, device, identity, log):
        """device: the device's primitives."""
        self.hal = hal
        self.primitives = device
        self.identity = identity
        self.log = log
        self.folder = hal.root + "/notices"
        self.installed_policy = None
        self.settings = None
        self.objections = None  # an ObjectionList, where there is one
        self.on_change = []

    async def load(self):
        """Reads the installed documents. One without the operator's signature counts as missing, and the log names it."""
        files.make_folder(self.folder)
        for name in ("policy", "settings"):
            data = files.read(self.hal.root + "/" + name + files.SIGNED)
            if data is not None:
                await self._load(name, data)
        for suffix in (files.SIGNED, files.WAITING):
            for name in self.notices(suffix):
                await self._check(self.folder + "/" + name, "notice " + name, suffix)
        if [name for name in files.names(self.folder) if name.endswith((files.WAITING, files.GOT))]:
            from recorder.documents import intake

            unload("recorder.documents.intake", "recorder.documents.blobs")
            intake.resume(self)
        for suffix in (files.SIGNED, files.WAITING):
            if files.size(self.hal.root + "/objections" + suffix) >= 0:
                await self._check(self.hal.root + "/objections", "objections", suffix)
                if files.size(self.hal.root + "/objections" + suffix) >= 0:
                    self.objection_list()

    async def _check(self, path, what, suffix=files.SIGNED):
        """Sets a document aside that has no valid signature of the operator."""
        _, reason = await self.signed(files.read(path + suffix))
        if reason:
            os.rename(path + suffix, path + (files.BAD if suffix == files.SIGNED else suffix + files.BAD))
            self.log("%s set aside: %s" % (what, reason))

    def objection_list(self):
        if self.objections is None:
            from recorder.documents.objection_list import ObjectionList  # loaded where there is one

            self.objections = ObjectionList(self.hal.root + "/objections", self.primitives, self.log)
        return self.objections

    def on_objection_list(self, numbers):
        """Whether one of the numbers (E.164) is on the list of objections. If the list is lost, every number counts as listed."""
        if self.objections is None:
            return files.size(self.hal.root + "/objections" + files.BAD) >= 0
        return self.objections.contains_any(numbers)

    async def _load(self, name, data):
        document, reason = await self.signed(data)
        if not reason and document.kind != name:
            reason = "is a " + document.kind
        if reason:
            self.log("%s not used: %s" % (name, reason))
        else:
            self.install(document, data)

    async def signed(self, data):
        """(document, "") or (None, reason)."""
        if not self.identity.provisioned:
            return None, "not provisioned"
        try:
            document = documents.parse(data)
            unload("testigo_wire.policy.rules")
            if not await steps(document.verify_steps(self.primitives, self.identity.operator)):
                return None, "signature is not the operator's"
        except WireError as exc:
            return None, str(exc)
        return document, ""

    def install(self, document, data):
        if document.kind == "policy":
            self.installed_policy = Policy(document, self.primitives.sha256(data))
        else:
            self.settings = Settings(document)

    @property
    def policy_why(self):
        """Why there is no policy in force; empty if there is one."""
        policy = self.installed_policy
        if policy is None:
            return "no policy"
        if self.hal.clock == CLOCK_UNSET:
            return "clock never set"
        now = self.hal.unix_ms()
        if now < policy.valid_from:
            return "policy not yet valid"
        if policy.valid_until and now >= policy.valid_until:
            return "policy expired"
        return ""

    @property
    def policy(self):
        return None if self.policy_why else self.installed_policy

    def recipients(self):
        """[[stream, key_id8, public65], ...] of the installed policy, in force or not."""
        return self.installed_policy.recipients if self.installed_policy else []

    def notices(self, suffix):
        return [name[: -len(suffix)] for name in files.names(self.folder) if name.endswith(suffix)]

    def notice_as(self, name, suffix):
        data = files.read(self.folder + "/" + name + suffix)
        if data is None:
            return None
        try:
            return Notice(documents.parse(data), self.folder)
        except WireError as exc:
            self.log("notice %s: %s" % (name, exc))
            return None

    def notice(self, name):
        """The notice in force of that name, with all its audio; or None."""
        notice = self.notice_as(name, files.SIGNED)
        return None if notice is None or notice.missing() else notice

    def versions(self):
        """[[kind, name, version], ...] of all documents; a notice counts before its audio is complete."""
        held = []
        for kind, installed in (("policy", self.installed_policy), ("settings", self.settings)):
            if installed:
                held.append([kind, "", installed.version])
        if self.objections and self.objections.version:
            held.append(["objections", "", self.objections.version])
        for name in sorted(set(self.notices(files.SIGNED) + self.notices(files.WAITING))):
            held.append(["notice", name, self.notice_version(name)])
        return held

    def notice_version(self, name):
        found = [self.notice_as(name, suffix) for suffix in (files.SIGNED, files.WAITING)]
        return max([notice.version for notice in found if notice] or [0])

    async def accept(self, data):
        """Accepts a signed document with a higher version, or the one that is held -> (ok, reason)."""
        from recorder.documents import intake

        unload("recorder.documents.intake")
        return await intake.accept(self, data)

    def blob(self, name, offset, data, last):
        """Receives a piece of a file that a document names -> the next offset; 0 again if the complete file had a wrong digest.

        Raises DocumentError where no document lacks it.
        """
        from recorder.documents import intake

        if last:
            unload("recorder.documents.intake", "recorder.documents.blobs")
        return intake.blob(self, name, offset, data, last)

    def notify(self, kind, name):
        for callback in self.on_change:
            callback(kind, name)

    def wanted(self):
        """[[blob name, next offset], ...] of files that are not complete: audio of notices, and the list of objections."""
        found = self.objections.wanted() if self.objections else []
        for suffix in (files.WAITING, files.SIGNED):
            for name in self.notices(suffix):
                notice = self.notice_as(name, suffix)
                for encoding in notice.missing() if notice else ():
                    found.append([name + "." + encoding, max(0, files.size(notice.path(encoding) + files.GOT))])
        return found
