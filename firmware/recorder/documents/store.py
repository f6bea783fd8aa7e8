"""The signed documents that the appliance acts on: policy, settings, notices, objections (docs/formats/documents.md).

A document is accepted if the operator signed it and its version is higher, over whatever channel it came. A notice is in
force when all its audio is there too; until then the older one is. Audio files are named by their digest, so that the rename
of the document is the only step that changes what is in force: a power cut leaves the old state or the new one.

Files of documents that the start has not checked are never used, whatever kept it from checking them.
"""

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

    def limit(self, hal):
        """-> why fewer than max_calls can work here, "" if all can; max_calls is then as many as can."""
        from testigo_wire.policy import limits

        unload("testigo_wire.policy.limits")
        heap, wide, handles = hal.limits()
        self.max_calls, why = limits.check(self.max_calls, self.sip[2], self.sip[3], heap, wide, handles)
        return why


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
        self.objections_checked = False
        self.notices_checked = set()  # names with their suffix
        self.problems = {}  # document: why it is not in force
        self.on_change = []

    async def load(self):
        """Reads the installed documents. One without the operator's signature counts as missing, and the log names it."""
        for kind in ("settings", "policy", "notices", "objections"):
            await self.load_kind(kind)

    async def load_kind(self, kind):
        """A stage of the start: "settings", "policy", "notices" or "objections"."""
        from recorder.documents import installed

        unload("recorder.documents.installed")
        await installed.load(self, kind)

    def objection_list(self):
        if self.objections is None:
            from recorder.documents.objection_list import ObjectionList  # loaded where there is one

            self.objections = ObjectionList(self.hal.root + "/objections", self.primitives, self.log)
        return self.objections

    def on_objection_list(self, numbers):
        """Whether one of the numbers (E.164) is on the list of objections. If the list is lost, every number counts as listed."""
        if not self.objections_checked:
            return True
        if self.objections is None:
            return files.size(self.hal.root + "/objections" + files.BAD) >= 0
        return self.objections.contains_any(numbers)

    async def signed(self, data):
        """(document, "") or (None, reason). data: None where the file cannot be read."""
        if not self.identity.operator:
            return None, self.identity.damaged or "not provisioned"
        if data is None:
            return None, "cannot be read"
        try:
            document = documents.parse(data)
            unload("testigo_wire.policy.rules")
            if not await steps(document.verify_steps(self.primitives, self.identity.operator)):
                return None, "signature is not the operator's"
        except WireError as exc:
            return None, str(exc)
        return document, ""

    def limit_of(self, document):
        """-> why fewer calls can work here than settings say, or ""."""
        return Settings(document).limit(self.hal)

    def install(self, document, data):
        self.problems.pop(document.kind, None)
        if document.kind == "policy":
            self.installed_policy = Policy(document, self.primitives.sha256(data))
        else:
            self.settings = Settings(document)
            wanted = self.settings.max_calls
            why = self.settings.limit(self.hal)
            if why:  # of settings that an older version accepted, or on another machine
                self.log("max_calls %d: %d calls are taken, %s" % (wanted, self.settings.max_calls, why))

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
        try:
            return [name[: -len(suffix)] for name in files.names(self.folder) if name.endswith(suffix)]
        except OSError as exc:
            self.log.fault("notices", exc)
            return []

    def notice_of(self, document):
        return Notice(document, self.folder)

    def notice_as(self, name, suffix):
        if name + suffix not in self.notices_checked:
            return None
        data = files.read(self.folder + "/" + name + suffix)
        if data is None:
            return None
        try:
            return self.notice_of(documents.parse(data))
        except WireError as exc:
            self.log("notice %s: %s" % (name, exc))
            return None

    def notice(self, name):
        """The notice in force of that name, with all its audio; or None."""
        notice = self.notice_as(name, files.SIGNED)
        return None if notice is None or notice.missing() else notice

    def notify(self, kind, name):
        for callback in self.on_change:
            callback(kind, name)

    async def accept(self, data):
        """Accepts a signed document with a higher version, or the one that is held -> (ok, reason)."""
        from recorder.documents import intake

        _unload_intake()
        return await intake.accept(self, data)

    def blob(self, name, offset, data, last):
        """Receives a piece of a file that a document names -> the next offset; 0 again if the complete file had a wrong digest.

        Raises DocumentError where no document lacks it, there is no room for it, or it cannot be stored.
        """
        from recorder.documents import intake

        if last:
            _unload_intake()
        return intake.blob(self, name, offset, data, last)

    def versions(self):
        """[[kind, name, version], ...] of all documents; a notice counts before its audio is complete."""
        from recorder.documents import inventory

        unload("recorder.documents.inventory", "recorder.documents.room")
        return inventory.versions(self)

    def wanted(self):
        """[[blob name, next offset], ...] of incomplete files that have room: what a session with the vault brings."""
        from recorder.documents import inventory

        unload("recorder.documents.inventory", "recorder.documents.room")
        return inventory.wanted(self)


def _unload_intake():
    unload("recorder.documents.intake", "recorder.documents.blobs")
    unload("recorder.documents.second_copy")
    unload("recorder.documents.inventory", "recorder.documents.room")
