"""A fake appliance: it makes recordings with testigo_wire's Writer and sends them by the real link over real TLS, so that
the vault is tested with the bytes of an appliance."""

import hashlib
import socket
import ssl
import struct
import time
from dataclasses import dataclass, field
from pathlib import Path

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from testigo_vault.identity.organisation import Organisation
from testigo_vault.primitives import HOST, SUITE, public_bytes, sign
from testigo_wire.crypto.sframe import Keystream
from testigo_wire.encoding import cbor
from testigo_wire.link.device import SERVER_NAME, DeviceSession
from testigo_wire.policy import documents
from testigo_wire.recording import audio_frame
from testigo_wire.recording import items as recording
from testigo_wire.recording.item_parser import parse_item
from testigo_wire.recording.stream import buffer_size
from testigo_wire.recording.writer import Writer

OPENED_MS = 1_790_000_000_000
NOTICE_DIGEST = bytes(range(32))


def uuid7(name):
    """A recording id of RFC 9562 section 5.7 that is always the same for a name."""
    digest = bytearray(hashlib.sha256(name.encode()).digest()[:16])
    digest[6] = 0x70 | digest[6] & 15
    digest[8] = 0x80 | digest[8] & 63
    return bytes(digest)


def call(caller="+34600111222", callee="+34943123456"):
    return ("call", 0, "main", "in", caller, callee, "a1b2@example", "sip")


AGREED = [
    call(),
    ("policy", 5, 3, bytes(32), "all", "opt-in"),
    ("media", 90, 1, "PCMU", 0, 8000, 20),
    ("notice", 1000, 1, "en", "welcome", NOTICE_DIGEST, 900, 900, True),
    ("consent", 1600, "opt-in", True, "key", "1", "rfc4733"),
    ("terms", 1600, "consent", "acknowledgement", "connect", False),
    ("worker", 1600, "acknowledgement", "1 on file"),
]


@dataclass
class Made:
    """One recording: its bytes, its items and the audio payloads of both legs."""

    number: int
    recording_id: bytes
    data: bytes
    head: bytes
    items: list[bytes]
    header_digest: bytes
    payloads: tuple[bytes, bytes] = (b"", b"")


def confirmed(events):
    """The events, with both legs confirmed after the last of their media events, or after the first events."""
    known = [at for at, event in enumerate(events) if event[0] in ("call", "policy", "terms", "media")]
    at = known[-1] + 1
    t_ms = events[at - 1][1]
    return [*events[:at], ("confirmed", t_ms, 0, "rtp"), ("confirmed", t_ms, 1, "rtp"), *events[at:]]


def rtp(sequence, timestamp, payload, ssrc=0x1234, payload_type=0):
    return struct.pack(">BBHII", 0x80, payload_type, sequence & 0xFFFF, timestamp & 0xFFFFFFFF, ssrc) + payload


def speech(seconds=2.0, start_ms=2000, seed=1):
    """[(leg, arrival_ms, packet), ...] of two legs whose payloads are all different, and the payloads of each leg."""
    packets, payloads = [], [b"", b""]
    for i in range(int(seconds * 50)):
        for leg in (0, 1):
            payload = hashlib.shake_128(f"{seed} {leg} {i}".encode()).digest(160)
            payloads[leg] += payload
            packets.append((leg, start_ms + 20 * i, rtp(65530 + i, 4294967000 + 160 * i, payload, 77 + leg)))
    return packets, (payloads[0], payloads[1])


@dataclass
class Appliance:
    organisation: Organisation
    device_id: str
    folder: Path
    key: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))
    certificate: bytes = b""
    version: int = 1  # of the recordings that it makes: 1 as firmware 0.2, 2
    previous: bytes = bytes(32)
    made: list[Made] = field(default_factory=list)
    receipts: dict[int, bytes] = field(default_factory=dict)
    refused: dict[int, str] = field(default_factory=dict)
    documents: list[bytes] = field(default_factory=list)
    blobs: dict[str, bytes] = field(default_factory=dict)
    refuses: str = ""  # why it takes no document
    report: tuple[list, list] = ([], [])

    def __post_init__(self):
        if not self.certificate:
            self.certificate = self.organisation.issue_device_certificate(public_bytes(self.key), self.device_id)

    def record(self, events=AGREED, packets=(), reason="hang-up", seconds=6, after=(), **changes):
        """Make the next recording: events, then audio frames of `per_frame` packets, then `after`, then the seal.

        changes: version, confirm (whether version 2 says how the media of each leg was confirmed), vocabulary, recipients,
        number, recording_id, previous, per_frame, torn (audio frames that are sealed with other content), torn_events (how
        many of the last events are), and what the clock said: opened_ms, closed_ms, clock.
        """
        packets, payloads = packets if isinstance(packets, tuple) and len(packets) == 2 else (packets, (b"", b""))
        number = changes.pop("number", len(self.made) + 1)
        opened_ms = changes.pop("opened_ms", OPENED_MS + number * 3_600_000)
        end_ms = max([seconds * 1000, *(ms for _, ms, _ in packets)])
        recording_id = changes.pop("recording_id", uuid7(f"{self.device_id} {number}"))
        items: list[bytes] = []
        keystream = Keystream(HOST, 8192)
        about = [recording_id, self.device_id, number, changes.pop("previous", self.previous), opened_ms]
        about.append(changes.pop("clock", 2))
        version = changes.pop("version", self.version)
        if version == 2 and changes.pop("confirm", True):
            events = confirmed(events)
        first = cbor.encode(["testigo", 1, *about, 1]) if version == 1 else self.header(about, **changes)
        out = Writer(HOST, keystream, lambda item: items.append(bytes(item)), recording_id, first)
        index = out.open_stream(0, *self.wrap(recording_id, 0), bytearray(buffer_size(512)))
        for name, t_ms, *fields in events:
            out.event(name, t_ms, *fields)
        if packets:
            stream = out.open_stream(1, *self.wrap(recording_id, 1), bytearray(buffer_size(8192)))
            per_frame = changes.pop("per_frame", 12)
            torn = changes.pop("torn", ())
            for at in range(0, len(packets), per_frame):
                part = packets[at : at + per_frame]
                end = audio_frame.begin(stream.buffer, stream.start, part[0][1])
                for leg, ms, packet in part:
                    end = audio_frame.put(stream.buffer, end, leg, ms - part[0][1], packet)
                item = bytearray(stream.seal(end - stream.start))
                if at // per_frame in torn:
                    item[-20:] = bytes(20)
                out.write(bytes(item))
        torn_events = changes.pop("torn_events", 0)
        last = [("hang_up", end_ms, 1, 200, "BYE")] if after == () else after or []
        for left, (name, t_ms, *fields) in zip(range(len(last), 0, -1), last, strict=True):
            item = bytearray(index.seal_event(name, t_ms, tuple(fields)))
            if left <= torn_events:
                item[-20:] = bytes(20)
            out.write(bytes(item))
        closed = changes.pop("closed_ms", opened_ms + end_ms)
        out.seal(closed, reason, sign(self.key, out.seal_digest(closed, reason)))
        head = parse_item(items[-1])[0].fields[2]
        made = Made(number, recording_id, b"".join(items), head, items, out.header_digest, payloads)
        self.previous = out.header_digest
        self.made.append(made)
        return made

    def header(self, about, vocabulary=None, recipients=None, **_):
        """Of version 2. recipients: [[stream, key id], ...] where they are not those to whom it is sealed."""
        organisation = self.organisation
        own = [
            [0, recording.key_id(HOST, organisation.index_public)],
            [1, recording.key_id(HOST, organisation.audio_public)],
        ]
        signer = recording.key_id(HOST, public_bytes(self.key))
        header = cbor.decode(recording.encode_header(*about, ("0.3.0", signer, bytes(32), recipients or own)))
        header[11] = vocabulary or header[11]
        return cbor.encode(header)

    def wrap(self, recording_id, stream):
        base_key = hashlib.sha256(recording_id + bytes([stream])).digest()
        public = self.organisation.audio_public if stream else self.organisation.index_public
        recipient = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), public)
        wrapped = SUITE.encrypt(base_key, recipient, recording.wrap_info(recording_id, stream))
        return base_key, [[recording.key_id(HOST, public), wrapped]]

    # The spool and the documents, as DeviceSession calls them.

    def numbers(self):
        return [made.number for made in self.made if made.number not in self.receipts]

    def describe(self, number):
        made = self._made(number)
        return made.recording_id, len(made.data), made.head

    def read(self, number, offset, buffer):
        piece = self._made(number).data[offset : offset + len(buffer)]
        buffer[: len(piece)] = piece
        return len(piece)

    def versions(self):
        held = []
        for data in self.documents:
            document = documents.parse(data)
            held.append([document.kind, document.body[0] if document.kind == "notice" else "", document.version])
        return held

    def wanted(self):
        names = []
        for data in self.documents:
            document = documents.parse(data)
            if document.kind == "notice":
                names += [[f"{document.body[0]}.{encoding}", 0] for encoding, _, _ in document.body[4]]
            elif document.kind == "objections":
                names.append(["objections.list", 0])
        return [entry for entry in names if entry[0] not in self.blobs]

    def blob(self, name, offset, data, last):
        self.blobs[name] = self.blobs.get(name, b"") + bytes(data)
        return offset + len(data)

    def _made(self, number):
        return next(made for made in self.made if made.number == number)

    def context(self):
        key = self.folder / f"{self.device_id}.key.pem"
        key.write_bytes(
            self.key.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            )
        )
        certificate = self.folder / f"{self.device_id}.crt.pem"
        certificate.write_text(ssl.DER_cert_to_PEM_cert(self.certificate))
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.load_verify_locations(cadata=self.organisation.ca_der)
        context.load_cert_chain(certificate, key)
        return context

    def sync(self, port, stop_after=None, on_bytes=None):
        """Send all recordings. stop_after: cut the connection after about that many bytes sent; -> bytes sent."""
        sent = 0
        with (
            socket.create_connection(("127.0.0.1", port), timeout=20) as raw,
            self.context().wrap_socket(raw, server_hostname=SERVER_NAME) as line,
        ):
            session = DeviceSession((self.device_id, "test", len(self.made) + 1), HOST, self, self)
            answer = None
            while True:
                event = session.next_event(answer)
                answer = None
                data = session.data_to_send()
                if data:
                    line.sendall(data)
                    sent += len(data)
                    if on_bytes:
                        on_bytes(sent)
                    if stop_after is not None and sent >= stop_after:
                        return sent
                if event is not None:
                    answer = self.on_event(event)
                elif session.closed:
                    return sent
                elif not data:
                    session.receive(line.recv(65536))

    def on_event(self, event):
        if event[0] == "document":
            if self.refuses:
                return self.refuses
            self.documents.append(event[1])
            return ""
        if event[0] == "receipt":
            receipt = documents.parse(event[1])
            self.receipts[receipt.version] = event[1]
            return ""
        if event[0] == "vault":
            return self.report
        if event[0] == "refused":
            self.refused[event[1]] = event[2]
        return None


def ms():
    return time.monotonic_ns() // 1_000_000
