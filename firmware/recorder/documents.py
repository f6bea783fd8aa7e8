"""The signed documents that the appliance acts on: policy, settings, notices, objections (docs/formats/documents.md).

A document is taken if the operator signed it and its version grew, whatever way it came
in.  A notice comes into force when all its audio is there too: until then the older one
serves.  Audio files are named by their digest, so the rename of the document is the one
step that changes anything; a power cut leaves the old state or the new one.
"""

import os

from recorder import files
from recorder.loading import unload
from recorder.primitives import steps
from testigo_wire import documents, p256
from testigo_wire.errors import WireError

WAITING = ".new"  # a notice whose audio is not complete
SIGNED = ".tsd"
OBJECTIONS = "objections"
CLOCK_UNSET = 0


class DocumentError(Exception):
    """A blob that no notice here is waiting for."""


class Policy:
    """version, digest, and the fields of the body; lines and recipients as in the format."""

    def __init__(self, document, digest):
        self.version = document.version
        self.digest = digest
        self.valid_from, self.valid_until = document.body[:2]
        self.numbering, self.offsets, self.recipients, self.lines = document.body[6:]


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
        """Encodings whose audio is not here whole."""
        return [e for e in self.encodings if files.size(self.path(e)) != self.length(e)]


class Documents:
    def __init__(self, hal, device, identity, log):
        """device: the device's primitives."""
        self._hal = hal
        self._primitives = device
        self._identity = identity
        self._log = log
        self._folder = hal.root + "/notices"
        self.installed_policy = None
        self.settings = None
        self.objections = None  # an ObjectionList, where there is one
        self.changed = []

    async def load(self):
        """Reads what is installed. A file that the operator did not sign counts as missing and is named in the log."""
        files.make_folder(self._folder)
        for name in ("policy", "settings"):
            data = files.read(self._hal.root + "/" + name + SIGNED)
            if data is not None:
                await self._load(name, data)
        for name in self._notices(SIGNED):
            await self._check(self._folder + "/" + name, "notice " + name)
        for suffix in (SIGNED, WAITING):
            if files.size(self._hal.root + "/" + OBJECTIONS + suffix) >= 0:
                await self._check(self._hal.root + "/" + OBJECTIONS, OBJECTIONS, suffix)
                self._objections()

    async def _check(self, path, what, suffix=SIGNED):
        """Sets a document aside that the operator did not sign."""
        _, reason = await self._signed(files.read(path + suffix))
        if reason:
            os.rename(path + suffix, path + ".bad")
            self._log("%s set aside: %s" % (what, reason))

    def _objections(self):
        if self.objections is None:
            from recorder.objection_list import ObjectionList  # for those who have one

            self.objections = ObjectionList(self._hal.root + "/" + OBJECTIONS, self._primitives, self._log)
        return self.objections

    def objected(self, numbers):
        """Whether one of the numbers (E.164) is on the list of objections."""
        return self.objections is not None and self.objections.objected(numbers)

    async def _load(self, name, data):
        document, reason = await self._signed(data)
        if not reason and document.kind != name:
            reason = "is a " + document.kind
        if reason:
            self._log("%s not used: %s" % (name, reason))
        else:
            self._install(document, data)

    async def _signed(self, data):
        """(document, "") or (None, reason)."""
        if not self._identity.provisioned:
            return None, "not provisioned"
        try:
            document = documents.parse(data)
            unload("policy_rules", package="testigo_wire")
            if not await steps(document.verify_steps(self._primitives, self._identity.operator)):
                return None, "signature is not the operator's"
        except WireError as exc:
            return None, str(exc)
        return document, ""

    def _install(self, document, data):
        if document.kind == "policy":
            self.installed_policy = Policy(document, self._primitives.sha256(data))
        else:
            self.settings = Settings(document)

    @property
    def policy_why(self):
        """Why there is no policy in force; empty if there is one."""
        policy = self.installed_policy
        if policy is None:
            return "no policy"
        if self._hal.clock == CLOCK_UNSET:
            return "clock never set"
        now = self._hal.unix_ms()
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

    def _notices(self, suffix):
        return [name[: -len(suffix)] for name in files.names(self._folder) if name.endswith(suffix)]

    def _notice(self, name, suffix):
        data = files.read(self._folder + "/" + name + suffix)
        if data is None:
            return None
        try:
            return Notice(documents.parse(data), self._folder)
        except WireError as exc:
            self._log("notice %s: %s" % (name, exc))
            return None

    def notice(self, name):
        """The notice in force of that name, with all its audio; or None."""
        notice = self._notice(name, SIGNED)
        return None if notice is None or notice.missing() else notice

    def versions(self):
        """[[kind, name, version], ...] of all that is held; a notice counts before its audio is complete."""
        held = []
        for kind, installed in (("policy", self.installed_policy), ("settings", self.settings)):
            if installed:
                held.append([kind, "", installed.version])
        if self.objections and self.objections.version:
            held.append([OBJECTIONS, "", self.objections.version])
        for name in sorted(set(self._notices(SIGNED) + self._notices(WAITING))):
            held.append(["notice", name, self._notice_version(name)])
        return held

    def _notice_version(self, name):
        found = [self._notice(name, suffix) for suffix in (SIGNED, WAITING)]
        return max([notice.version for notice in found if notice] or [0])

    async def accept(self, data):
        """(ok, reason). Takes a signed document whose version grew; one that is held already is fine."""
        document, reason = await self._signed(data)
        if not reason:
            reason = self._refusal(document)
        if reason:
            self._log("document refused: " + reason)
            return False, reason
        name = document.body[0] if document.kind == "notice" else ""
        held = self._held(document.kind, name)
        if document.version == held[0]:
            return (True, "held") if held[1] == data else (False, "another version %d is held" % held[0])
        if document.kind == "notice":
            files.replace(self._folder + "/" + name + WAITING, data)
            self._settle(name)
        elif document.kind == OBJECTIONS:
            if self._objections().accept(document, data):
                self._tell(OBJECTIONS, "")
        else:
            files.replace(self._hal.root + "/" + document.kind + SIGNED, data)
            self._install(document, data)
            self._tell(document.kind, "")
        return True, ""

    def _held(self, kind, name):
        """(version, bytes) of the newest document of that kind and name."""
        if kind == "notice":
            version = self._notice_version(name)
            path = self._folder + "/" + name
            data = files.read(path + WAITING) or files.read(path + SIGNED)
            return version, data
        if kind == OBJECTIONS:
            return (self.objections.version, self.objections.data()) if self.objections else (0, None)
        installed = self.installed_policy if kind == "policy" else self.settings
        return installed.version if installed else 0, files.read(self._hal.root + "/" + kind + SIGNED)

    def _refusal(self, document):
        kind = document.kind
        if kind not in ("policy", "settings", "notice", OBJECTIONS):
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
        if document.version < self._held(kind, name)[0]:
            return "%s version %d is older than the one held" % (kind, document.version)
        return ""

    def _tell(self, kind, name):
        for callback in self.changed:
            callback(kind, name)

    def wanted(self):
        """[[blob name, next offset], ...]: audio that notices still lack, and the list of objections."""
        found = self.objections.wanted() if self.objections else []
        for suffix in (WAITING, SIGNED):
            for name in self._notices(suffix):
                notice = self._notice(name, suffix)
                for encoding in notice.missing() if notice else ():
                    found.append([name + "." + encoding, max(0, files.size(notice.path(encoding) + files.GOT))])
        return found

    def blob(self, name, offset, data, last):
        """Takes a piece; returns the offset to go on from, 0 again if the whole had a wrong digest."""
        name, _, encoding = name.rpartition(".")
        if name == OBJECTIONS and encoding == "list" and self.objections:
            following, settled = self.objections.blob(offset, data, last)
            if settled:
                self._tell(OBJECTIONS, "")
            if following is not None:
                return following
        for suffix in (WAITING, SIGNED):
            notice = self._notice(name, suffix) if "/" not in name else None
            if notice and encoding in notice.missing():
                break
        else:
            raise DocumentError("no notice lacks " + name + "." + encoding)
        from recorder import blobs  # for as long as pieces come

        following, whole = blobs.take(
            notice.path(encoding), notice.length(encoding), notice.digest(encoding), offset, data, last,
            self._primitives.new_sha256,
        )  # fmt: skip
        if whole:
            unload("blobs")
            self._settle(name)
        elif not following and data:
            self._log("audio of notice %s has a wrong digest" % name)
        return following

    def _settle(self, name):
        """Puts a waiting notice in force if its audio is complete, and removes audio that no notice names."""
        waiting = self._notice(name, WAITING)
        if waiting and not waiting.missing():
            os.rename(self._folder + "/" + name + WAITING, self._folder + "/" + name + SIGNED)
            self._tell("notice", name)
        named = set()
        for suffix in (SIGNED, WAITING):
            for other in self._notices(suffix):
                notice = self._notice(other, suffix)
                named.update(notice.path(e)[len(self._folder) + 1 :] for e in (notice.encodings if notice else ()))
        for file in files.names(self._folder):
            base = file[: -len(files.GOT)] if file.endswith(files.GOT) else file
            if base.endswith((".PCMU", ".PCMA")) and base not in named:
                os.remove(self._folder + "/" + file)
