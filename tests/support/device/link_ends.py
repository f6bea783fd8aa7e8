"""Both ends of the link for its tests: an appliance and a vault that keep what they are given in memory."""

from support.device import primitives as prims
from testigo_wire.link.device import DeviceSession, Messages, frame
from testigo_wire.link.vault import RecordingRefused, VaultSession


class Spool:
    def __init__(self, recordings):
        self.recordings = dict(recordings)

    def numbers(self):
        return sorted(self.recordings)

    def describe(self, number):
        data = self.recordings[number]
        return (bytes([number]) * 16, len(data), bytes([number]) * 32) if data else None

    def read(self, number, offset, buffer):
        piece = self.recordings[number][offset : offset + len(buffer)]
        buffer[: len(piece)] = piece
        return len(piece)


class Documents:
    def __init__(self):
        self.held = []
        self.blobs = {}

    def versions(self):
        return [["policy", "", 1] for _ in self.held]

    def wanted(self):
        have = len(self.blobs.get("es.PCMU", b""))
        return [["es.PCMU", have]] if self.held and have < 2500 else []

    def blob(self, name, offset, data, last):
        assert offset == len(self.blobs.get(name, b""))
        self.blobs[name] = self.blobs.get(name, b"") + data
        return offset + len(data)


class Vault:
    blobs = {"es.PCMU": bytes(range(250)) * 10}

    def __init__(self):
        self.partial = {}
        self.stored = {}
        self.said = []
        self.reports = []
        self.refuse = {}
        self.damaged = 0

    def documents(self, firmware, next_number, held):
        return [] if held else [b"signed policy"]

    def taken(self, document, reason):
        self.said.append(reason)

    def report(self, unrecorded, facts):
        self.reports.append((unrecorded, facts))

    def blob(self, name):
        return self.blobs.get(name)

    def resume(self, number, recording_id, size, head):
        assert recording_id[0] == head[0] == number
        if number in self.refuse:
            raise RecordingRefused(self.refuse[number])
        if number in self.stored:
            return b"receipt %d" % number
        return len(self.partial.get(number, b""))

    def append(self, number, offset, data):
        part = self.partial.get(number, b"")[:offset]
        assert len(part) == offset
        self.partial[number] = part + data

    def finish(self, number, digest):
        data = self.partial.pop(number)
        if self.damaged:
            self.damaged -= 1
            return None
        assert prims.PRIMITIVES.sha256(data) == digest
        self.stored[number] = data
        return b"receipt %d" % number


REPORT = ([["space", 2, 1700000000000, 1700000400000]], [["storage_free", 4096], ["set_aside", []]])
RECORDINGS = {3: bytes(range(200)), 5: bytes(range(256)) * 5, 9: b"z"}


class Device:
    def __init__(self, recordings):
        self.spool = Spool(recordings)
        self.documents = Documents()
        self.events = []

    def session(self):
        return DeviceSession(("dev-1", "1.0", 10), prims.PRIMITIVES, self.spool, self.documents)

    def handle(self, event):
        self.events.append(event[0])
        if event[0] == "document":
            self.documents.held.append(event[1])
            return ""
        if event[0] == "vault":
            self.spoken = event[1]
            return REPORT
        if event[0] == "receipt":
            number = int(event[1].decode().split()[1])
            del self.spool.recordings[number]
            return ""
        return None


class Cut(Exception):
    pass


def run(device, vault, cut=None, piece=None):
    """One connection; after `cut` bytes in all it breaks. Gives the bytes carried."""
    ours = device.session()
    theirs = VaultSession("dev-1", vault, lambda: 1700000000000)
    ends = ((ours, theirs, device.handle), (theirs, ours, lambda event: None))
    carried = 0
    idle = 0
    while not (ours.closed and theirs.closed):
        idle += 1
        assert idle < 10, "stuck"
        for end, other, handle in ends:
            event = None if end.closed else end.next_event()
            while event:
                event = end.next_event(handle(event))
            data = end.data_to_send()
            if data:
                idle = 0
            if cut is not None and carried + len(data) > cut:
                other.receive(data[: cut - carried] or b"")
                raise Cut()
            carried += len(data)
            if piece:
                for at in range(0, len(data), piece):
                    other.receive(data[at : at + piece])
            elif data:
                other.receive(data)
    return carried


def pump(session, handle=lambda event: None):
    """Runs a session until it waits; gives what it sent."""
    sent = Messages()
    while not session.closed:
        event = session.next_event()
        while event:
            event = session.next_event(handle(event))
        data = session.data_to_send()
        if not data:
            break
        sent.feed(data)
    found = []
    message = sent.next()
    while message:
        found.append(message)
        message = sent.next()
    return found


def vault_after_hello(version=2):
    session = VaultSession("dev-1", Vault(), lambda: 5)
    session.receive(frame(["hello", 1, "dev-1", "1.0", 1, [["policy", "", 1], ["link", "", version]]]))
    pump(session)
    return session
