"""The link between an appliance and its vault, the appliance's end; vault.py is the other end.

Specification: docs/formats/link.md. Inside TLS, each message is a length (u32, big-endian) and a CBOR array whose first
element is its name. One side speaks at a time. A transfer that was interrupted continues at the byte that the vault names.

A session is driven by the code that does the I/O: while `closed` is false, `next_event` returns what is to be done, and
its result is the argument of the following call; when it returns None, write `data_to_send()`, or, when that is empty,
wait for bytes, SILENCE_MS at most, and pass them to `receive`. ProtocolError ends the session.
"""

from testigo_wire.compat import const
from testigo_wire.link.messages import SERVER_NAME, Messages, ProtocolError, check, frame  # noqa: F401 - for its users

VERSION = const(2)
FIRST = const(1)  # of hello, which every vault accepts; the version itself is an entry of its documents
SILENCE_MS = const(60000)
CHUNK = const(1024)
PIECE = const(512)  # of a recording: small, since an appliance whose heap is nearly full finds no larger block


class Session:
    """The common part of both ends; `_run` is a generator of events, and of None where it waits for the line."""

    def __init__(self):
        self.closed = False
        self._messages = Messages()
        self._out = []
        self._steps = self._run()
        self._started = False

    def receive(self, data):
        """data: bytes of the stream, cut anywhere; empty at its end, which is an error before `closed`."""
        if not data and not self.closed:
            raise ProtocolError("the peer hung up")
        self._messages.feed(data)

    def next_event(self, answer=None):
        """A tuple (name, ...), or None. answer: the result of the last event."""
        try:
            if self._started:
                return self._steps.send(answer)
            self._started = True
            return next(self._steps)
        except StopIteration:
            self.closed = True
            return None

    def data_to_send(self):
        """The next bytes for the stream, empty when it is the peer's turn."""
        return self._out.pop(0) if self._out else b""

    def _send(self, *message):
        self._out.append(frame(message))

    def _get(self, known):
        """Wait for one of the messages in `known`, a dict of name: types of what follows it."""
        message = self._messages.next()
        while message is None:
            yield None
            message = self._messages.next()
        types = known.get(message[0]) if isinstance(message[0], str) else None
        if types is None or not check(message[1:], types):
            raise ProtocolError("unexpected " + str(message[0])[:16])
        return message


class DeviceSession(Session):
    """The appliance's end.

    hello: (device_id, firmware, number that the next recording will have)
    primitives: new_sha256()
    spool:      numbers() -> closed recordings in order; describe(number) -> (recording_id, size, head), or
                None if it turns out to be damaged; read(number, offset, buffer) -> count
    documents:  versions() -> [[kind, name, version], ...]; wanted() -> [[blob name, offset], ...];
                blob(name, offset, data, last) -> next offset

    Events: ("time", unix_ms) · ("vault", version), answered with the report, (unrecorded calls, facts), from version 2
    on · ("document", bytes) and ("receipt", bytes), answered with a reason or "" · ("refused", number, reason) · ("sent",
    number) · ("busy",) let other work run.
    """

    def __init__(self, hello, primitives, spool, documents):
        self._hello = hello
        self._primitives = primitives
        self._spool = spool
        self._documents = documents
        Session.__init__(self)

    def _run(self):
        device_id, firmware, next_number = self._hello
        held = self._documents.versions() + [["link", "", VERSION]]
        self._send("hello", FIRST, device_id, firmware, next_number, held)
        message = yield from self._get({"welcome": "iii"})
        version = message[1]
        if not FIRST <= version <= VERSION:
            raise ProtocolError("the vault speaks version %d" % version)
        yield ("time", message[2])
        report = (yield ("vault", version)) or ((), ())
        for _ in range(message[3]):
            document = yield from self._get({"document": "b"})
            reason = yield ("document", document[1])
            self._send("taken", reason)
        if version > FIRST:
            self._send("report", *report)
            yield from self._get({"taken": "s"})
        for name, offset in self._documents.wanted():
            yield from self._fetch(name, offset)
        # Recordings closed in the meantime follow; one that was refused waits for the next session.
        done = 0
        while True:
            number = min([n for n in self._spool.numbers() if n > done] or [0])
            if not number:
                break
            done = number
            yield from self._offer(number)
        self._send("bye")
        yield from self._get({"bye": ""})

    def _fetch(self, name, offset):
        self._send("need", name, offset)
        last = False
        while not last:
            message = yield from self._get({"blob": "sib?", "absent": "s"})
            if message[0] == "absent":
                return
            if message[1] != name or message[2] != offset or not (message[3] or message[4]):
                raise ProtocolError("blob out of order")
            _, _, _, data, last = message
            offset += len(data)
            if self._documents.blob(name, message[2], data, last) != offset:
                # Of a wrong digest, or no longer wanted, as the log says: ignore the rest of it.
                offset = message[2] + len(data)

    def _offer(self, number):
        described = self._spool.describe(number)
        if not described:
            return
        recording_id, size, head = described
        self._send("offer", number, recording_id, size, head)
        buffer = bytearray(PIECE)
        while True:
            message = yield from self._get({"want": "ii", "receipt": "ib", "refused": "is"})
            if message[1] != number:
                raise ProtocolError("about another recording")
            if message[0] == "refused":
                yield ("refused", number, message[2])
                return
            if message[0] == "receipt":
                reason = yield ("receipt", message[2])
                self._send("taken", reason)
                if not reason:
                    yield ("sent", number)
                return
            yield from self._transfer(number, size, message[2], buffer)

    def _transfer(self, number, size, want, buffer):
        """The bytes from `want` on, then the digest of all of them, also of those that were sent before."""
        if want > size:
            raise ProtocolError("wants bytes beyond the end")
        digest = self._primitives.new_sha256()
        view = memoryview(buffer)
        offset = 0
        while offset < size:
            goal = want if offset < want else size
            count = self._spool.read(number, offset, view[: min(PIECE, goal - offset)])
            if not count:
                raise ProtocolError("recording %d ends early" % number)
            digest.update(view[:count])
            if offset >= want:
                self._send("data", number, offset, view[:count])
                while self._out:
                    yield None
            else:
                yield ("busy",)
            offset += count
        self._send("done", number, digest.digest())
