"""The stores of an appliance on real files with real keys, composed as in recorder/main.py; and its organisation."""

import os
import sys
import time

from recorder import files, hal_unix
from recorder.clock import Clock
from recorder.documents.store import Documents
from recorder.loading import unload
from recorder.log import Log
from recorder.storage import primitives
from recorder.storage.identity import Identity
from recorder.storage.keypool import KeyPool
from recorder.storage.primitives import DEVICE
from recorder.storage.recordings import Recordings
from recorder.storage.spool import Spool
from support.device import certificates
from testigo_wire.crypto import ecdsa, p256
from testigo_wire.encoding import cbor
from testigo_wire.policy import documents
from testigo_wire.recording import items as recording
from testigo_wire.recording.items import key_id

DEVICE_ID = "test-1"
LINE = [
    "main", "both", "all", "legitimate-interest", ["quality"], "opt-out", "", "9", "connect", "notice-first", "far",
    [["en", "hello", "", []]], 8000, 1, "acknowledgement", "worker-1", [], ["", "", "", ""], 0, [], [], [],
    "connect-unrecorded", 0, "full", False,
]  # fmt: skip
SIDE = ["trunk", "127.0.0.1", 5060, "", "", "", "main"]


class Board:
    NAME = "virtual"
    HEAP_SMALL = False


class Key:
    """A key pair that the tests make from a name."""

    made = {}

    def __init__(self, name):
        self.private = DEVICE.sha256(b"testigo test " + name.encode())
        if name not in Key.made:
            Key.made[name] = p256.finish(p256.public_steps(self.private))
        self.public = Key.made[name]


def remove_tree(path):
    for entry in list(os.ilistdir(path)):
        if entry[1] & 0x4000:
            remove_tree(path + "/" + entry[0])
        else:
            os.remove(path + "/" + entry[0])
    os.rmdir(path)


def fresh_root(name, base=None):
    """An empty folder for one test, in the folder `base`."""
    base = base or os.getenv("TMPDIR") or "/tmp"
    root = "%s/testigo-%s-%d-%s" % (base, name, sys.maxsize >> 24 & 255, DEVICE.random(6).hex())
    os.mkdir(root)
    return root


def sign(kind, version, body, by="operator"):
    digest = documents.digest(DEVICE, kind, version, body)
    signature = p256.finish(ecdsa.sign_steps(DEVICE, Key(by).private, digest))
    return cbor.encode(["testigo", 1, kind, version, body, signature])


def recipients():
    return [
        [stream, recording.key_id(DEVICE, Key(name).public), Key(name).public]
        for stream, name in ((0, "index"), (1, "audio"))
    ]


def policy(version=1, valid_from=0, valid_until=0, by="operator"):
    body = [valid_from, valid_until, "Controller", "contact", "example.net", bytes(32), ["34", "", "00"], []]
    return sign("policy", version, body + [recipients(), [LINE]], by)


def settings(version=1, max_calls=2):
    return sign("settings", version, [["none"], ["127.0.0.1", 5060, 10000, 10100, SIDE, SIDE], ["serial"], max_calls])


def notice(audio, version=1, name="hello", by="operator"):
    """audio: {encoding: G.711 bytes of one length}."""
    entries = [[encoding, DEVICE.sha256(audio[encoding]), len(audio[encoding])] for encoding in sorted(audio)]
    total_ms = entries[0][2] // 8
    return sign("notice", version, [name, "en", "This call is recorded.", total_ms, entries], by)


def receipt(appliance, number, by="operator", version=None, **changes):
    """version: of the document, the recording's number in a right one. changes: fields of its body."""
    recording_id, _, head = appliance.spool.describe(number)
    body = [DEVICE_ID, recording_id, number, head, ["first", "second"], 1]
    for at, value in changes.items():
        body[("device_id", "recording_id", "named", "head", "copies", "stored_ms").index(at)] = value
    return sign("receipt", version or body[2], body, by)


def key_der():
    from recorder.storage.identity import SEC1_CURVE, SEC1_HEAD

    key = Key("device")
    return SEC1_HEAD + key.private + SEC1_CURVE + key.public


def provision(root):
    """Puts the tests' device key and identity in place, as a provisioned device has them."""
    files.make_folder(root + "/identity")
    files.replace(root + "/identity/key.der", key_der())
    files.replace(root + "/identity/cert.der", certificates.DEVICE_DER)
    files.replace(root + "/identity/ca.der", certificates.CA_DER)
    files.replace(root + "/identity/operator.bin", Key("operator").public)
    files.replace(root + "/identity/device.txt", DEVICE_ID.encode())


class Appliance:
    """`await boot()` again on the same root is a restart."""

    def __init__(self, root):
        self.root = root
        self.hal = hal_unix.Hal(Board, {"root": root, "console": "no"})
        flusher = self.hal.flusher()
        if flusher and hasattr(time, "let_flushes_take_no_time"):  # the clock of tests
            time.let_flushes_take_no_time(type(flusher))

    def _prepare_files(self):
        from recorder.storage import leftovers

        unload("recorder.storage.leftovers")
        leftovers.prepare(self.hal, self.log)

    async def boot(self, depth=2, fill=True):
        hal = self.hal
        if hal.openssl:
            hal.openssl.use(primitives.DEVICE)
        self.log = Log(hal)
        self._prepare_files()
        primitives.start(hal)
        self.clock = Clock(hal, self.log)
        self.clock.load()
        self.identity = Identity(hal, DEVICE)
        self.identity.load()
        self.documents = Documents(hal, DEVICE, self.identity, self.log)
        await self.documents.load()
        self.keypool = KeyPool(DEVICE, depth)
        self.keypool.set_recipients(self.documents.recipients())
        self.spool = Spool(hal, DEVICE, self.identity, self.log)
        from recorder.storage import recovery  # as in recorder/start.py

        unload("recorder.storage.recovery", "testigo_wire.recording.rewrite", "testigo_wire.recording.item_parser")
        self.closed = await recovery.recover(self.spool)
        del recovery
        self.recordings = Recordings(
            hal, DEVICE, self.identity, self.documents, self.keypool, self.spool, self.log, "0.3.0"
        )  # fmt: skip
        if fill:
            await self.keypool.fill()
        self.base_keys = {}  # what only the holders of the private keys could open
        take_steps = self.keypool.take_steps

        def watched(recording_id):
            keys = yield from take_steps(recording_id)
            for stream, base_key, _ in keys or ():
                self.base_keys[recording_id, stream] = base_key
            return keys

        self.keypool.take_steps = watched
        return self

    def begin(self):
        """A recording up to consent."""
        made = p256.finish(self.recordings.open_steps(self.documents.policy))
        made.event("call", "main", "in", "sip:100@x", "sip:200@x", "abc", "sip")
        made.event("policy", 1, self.documents.policy.digest, "all", "opt-out")
        made.event("terms", "consent", "acknowledgement", "connect", False)
        for leg in (1, 0):
            made.event("confirmed", leg, "rtp")
        made.event("notice", 1, "en", "hello", bytes(32), 1000, 1000, True)
        made.event("consent", "opt-out", True, "notice", "", "")
        made.event("worker", "acknowledgement", "on file")
        return made

    def verify(self, number, keys=True, items=None):
        """A Verifier that has read what is offered to the vault; findings in .findings. Its items go to `items`."""
        from testigo_wire.recording.verifier import Verifier

        def signed(digest, signature, signer):
            return key_id(DEVICE, self.identity.public) == signer and p256.finish(
                ecdsa.verify_steps(DEVICE, self.identity.public, digest, signature)
            )

        def open_key(stream, recording_id, wrapped):
            return self.base_keys.get((recording_id, stream)) if keys else None

        verifier = Verifier(DEVICE, signed, open_key, erasures=())
        size = self.spool.describe(number)[1]
        with open(self.spool.path(number, ".tsg"), "rb") as file:
            while size:
                data = file.read(min(size, 1024))
                size -= len(data)
                read = verifier.feed(data)
                if items is not None:
                    items.extend(read)
        verifier.finish()
        return verifier

    def read(self, number, suffix=".tsg"):
        return files.read(self.spool.path(number, suffix))


async def ready(name):
    """A provisioned appliance with a policy in force, on an empty root."""
    root = fresh_root(name)
    provision(root)
    files.replace(root + "/policy.tsd", policy())
    return await Appliance(root).boot()


def put_audio(stream, count, ms=0):
    """Fills the audio buffer with a frame of `count` packets; returns its length."""
    from testigo_wire.recording import audio_frame

    at = audio_frame.begin(stream.buffer, stream.start, ms)
    for i in range(count):
        packet = b"\x80\x00" + i.to_bytes(2, "big") + bytes(8) + bytes((i & 255,)) * 160
        at = audio_frame.put(stream.buffer, at, i & 1, i * 10, packet)
    return at - stream.start
