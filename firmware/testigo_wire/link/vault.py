"""The vault's end of the link (docs/formats/link.md); see device.py for how a session is driven."""

from testigo_wire.encoding import schema
from testigo_wire.link.device import CHUNK, FIRST, VERSION, ProtocolError, Session

MAX_SIZE = 1 << 32
_UNRECORDED = "why:s calls:u since_ms:u until_ms:u"


class RecordingRefused(Exception):
    """Raised by the adapter when it refuses a recording; the text goes to the device."""


class VaultSession(Session):
    """One connection of one device.

    device_id: from the certificate of the TLS connection; clock: a function that gives Unix time in ms.
    adapter, whose methods may take their time:
        documents(firmware, next_number, held) -> list of signed documents to push. held: [[kind, name, version], ...]
        report(unrecorded, facts)   what a device of link version 2 says of itself: [[why, calls, since_ms, until_ms], ...]
                                    and [[name, value], ...]
        taken(document, reason)     the answer of the device to a document or receipt; reason is "" if it took it
        blob(name) -> bytes or None
        resume(number, recording_id, size, head) -> the offset to go on from; bytes: the receipt of a recording that is
                                    stored already; raises RecordingRefused
        append(number, offset, data)
        finish(number, digest32) -> the receipt; None: what arrived has another SHA-256, take it again from 0;
                                    raises RecordingRefused

    Events, none of which is answered: ("hello", device_id, firmware) · ("document", reason) · ("blob", name, size) ·
    ("offer", number, size, offset) · ("data", number, end) · ("stored", number, reason of the device if it refused the
    receipt) · ("refused", number, reason).
    """

    def __init__(self, device_id, adapter, clock):
        self._device_id = device_id
        self._adapter = adapter
        self._clock = clock
        self._last = 0
        Session.__init__(self)

    def _run(self):
        _, version, device_id, firmware, next_number, held = yield from self._get({"hello": "issia"})
        if version != FIRST:
            raise ProtocolError("the device speaks version %d" % version)
        if device_id != self._device_id:
            raise ProtocolError("hello of another device than the certificate's")
        for entry in held:
            if not isinstance(entry, list) or [type(part) for part in entry] != [str, str, int]:
                raise ProtocolError("hello: documents")
        yield ("hello", device_id, firmware)
        spoken = max([FIRST] + [entry[2] for entry in held if entry[0] == "link"])
        version = min(spoken, VERSION)
        held = [entry for entry in held if entry[0] != "link"]
        documents = self._adapter.documents(firmware, next_number, held)
        self._send("welcome", version, self._clock(), len(documents))
        for document in documents:
            self._send("document", document)
            yield ("document", (yield from self._taken(document)))
        known = {"need": "si", "offer": "ibib", "bye": ""}
        if version > FIRST:
            known["report"] = "aa"
        while True:
            message = yield from self._get(known)
            if message[0] == "bye":
                break
            if message[0] == "need":
                yield from self._give(message[1], message[2])
            elif message[0] == "report":
                yield from self._report(message[1], message[2])
            else:
                yield from self._receive(*message[1:])
        self._send("bye")
        while self._out:
            yield None

    def _report(self, unrecorded, facts):
        try:
            for entry in unrecorded:
                schema.check(_UNRECORDED, entry, "report")
            for entry in facts:
                if not isinstance(entry, list) or len(entry) != 2 or not isinstance(entry[0], str):
                    raise ProtocolError("report: facts")
        except schema.FieldError as error:
            raise ProtocolError(str(error))
        self._adapter.report(unrecorded, facts)
        self._send("taken", "")
        yield ("report", len(unrecorded))

    def _taken(self, document):
        message = yield from self._get({"taken": "s"})
        self._adapter.taken(document, message[1])
        return message[1]

    def _give(self, name, offset):
        blob = self._adapter.blob(name)
        if blob is None or offset >= len(blob):
            self._send("absent", name)
            return
        while offset < len(blob):
            piece = blob[offset : offset + CHUNK]
            self._send("blob", name, offset, piece, offset + len(piece) == len(blob))
            offset += len(piece)
            while self._out:
                yield None
        yield ("blob", name, len(blob))

    def _receive(self, number, recording_id, size, head):
        if number <= self._last or not 0 < size < MAX_SIZE or len(recording_id) != 16 or len(head) != 32:
            raise ProtocolError("offer")
        self._last = number
        try:
            at = self._adapter.resume(number, recording_id, size, head)
            receipt = at if isinstance(at, bytes) else None
            if receipt is None:
                receipt = yield from self._take(number, size, at)
            if receipt is None:
                receipt = yield from self._take(number, size, 0)
            if receipt is None:
                raise RecordingRefused("damaged on the way, twice")
        except RecordingRefused as refusal:
            reason = str(refusal)
            self._send("refused", number, reason)
            yield ("refused", number, reason)
            return
        self._send("receipt", number, receipt)
        yield ("stored", number, (yield from self._taken(receipt)))

    def _take(self, number, size, at):
        yield ("offer", number, size, at)
        self._send("want", number, at)
        while True:
            message = yield from self._get({"data": "iib", "done": "ib"})
            if message[1] != number:
                raise ProtocolError("data of another recording")
            if message[0] == "done":
                break
            if message[2] != at or not message[3] or at + len(message[3]) > size:
                raise ProtocolError("data out of order")
            self._adapter.append(number, at, message[3])
            at += len(message[3])
            yield ("data", number, at)
        if at != size or len(message[2]) != 32:
            raise ProtocolError("done too early")
        return self._adapter.finish(number, message[2])
