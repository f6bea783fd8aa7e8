"""A vault that lies: the vault's end of the link with the true certificate, and an adapter or messages that are wrong.

It answers one session after the other, each with the same lie, until it is closed.
"""

import hashlib
import socket
import ssl
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec

from testigo_vault.identity.organisation import Organisation
from testigo_vault.primitives import HOST as PRIMITIVES
from testigo_vault.primitives import sign
from testigo_vault.timestamps import now_ms
from testigo_wire.errors import WireError
from testigo_wire.link.device import VERSION
from testigo_wire.link.messages import frame
from testigo_wire.link.vault import RecordingRefused, VaultSession
from testigo_wire.policy import documents

HOST = "127.0.0.1"
WAIT_S = 8


class Liar:
    """The adapter of a vault that keeps nothing. Each lie changes one answer."""

    def __init__(self, organisation: Organisation, lie: str) -> None:
        self._organisation = organisation
        self._lie = lie
        self._offer: tuple = ()
        self.told = False

    def _is(self, lie: str) -> bool:
        if self._lie == lie:
            self.told = True
        return self._lie == lie

    # Documents

    def documents(self, firmware: str, next_number: int, held: list) -> list[bytes]:
        body = [["none"], [HOST, 1, 2, 3, [*SIDE], [*SIDE]], ["serial"], 1]
        if self._is("document of another signer"):
            return [foreign("settings", 9, body)]
        if self._is("document with a broken signature"):
            data = bytearray(self._organisation.operator_sign("settings", 9, body))
            data[-1] ^= 1
            return [bytes(data)]
        if self._is("document of another time"):
            paths = sorted((self._organisation.folder / "documents" / "archive").glob("policy-1.tsd"))
            return [path.read_bytes() for path in paths]
        if self._is("document that is none"):
            return [b"\x80", b"", b"\xff" * 600]
        if self._is("receipt as a document"):
            return [self._receipt(1, bytes(16), bytes(32))]
        return []

    def report(self, unrecorded: list, facts: list) -> None:
        pass

    def taken(self, document: bytes, reason: str) -> None:
        pass

    def blob(self, name: str) -> bytes | None:
        return b"lies" * 400 if self._is("other audio") else None

    # Recordings

    def resume(self, number: int, recording_id: bytes, size: int, head: bytes) -> int | bytes:
        self._offer = (number, recording_id, size, head)
        if self._is("want beyond the end"):
            return size + 1
        if self._is("want the end"):
            return size
        if self._is("refuse all"):
            raise RecordingRefused("no reason")
        receipts = self._receipts()
        if self._lie in receipts:
            self.told = True
            return receipts[self._lie]()
        return 0

    def _receipts(self) -> dict[str, Callable[[], bytes]]:
        number, recording_id, _, head = self._offer
        body = [self.device_id, recording_id, number, head, ["first", "second"], 1]

        def changed(at: int, value: Any) -> bytes:
            other = list(body)
            other[at] = value
            return self._organisation.operator_sign("receipt", number, other)

        return {
            "receipt of another signer": lambda: foreign("receipt", number, body),
            "receipt for another device": lambda: changed(0, "another-1"),
            "receipt for another recording": lambda: changed(1, bytes(16)),
            "receipt for another number": lambda: self._organisation.operator_sign("receipt", number + 1, body),
            "receipt with another head": lambda: changed(3, bytes(32)),
            "receipt without copies": lambda: changed(4, []),
            "receipt that is none": lambda: b"\x01",
        }

    device_id = ""

    def _receipt(self, number: int, recording_id: bytes, head: bytes) -> bytes:
        body = [self.device_id, recording_id, number, head, ["first"], 1]
        return self._organisation.operator_sign("receipt", number, body)

    def append(self, number: int, offset: int, data: bytes) -> None:
        pass

    def finish(self, number: int, digest32: bytes) -> bytes | None:
        if self._is("again and again"):
            return None
        raise RecordingRefused("a lie of a full disk")


SIDE = ["trunk", HOST, 9, "", "", "", "main"]


def welcome(count: int) -> list:
    return ["welcome", VERSION, now_ms(), count]


# What is sent in place of the answer to hello.
RAW: dict[str, Callable[[], bytes]] = {
    "endless message": lambda: b"\xff\xff\xff\xff" + bytes(65536),
    "long message": lambda: (8193).to_bytes(4, "big") + bytes(8193),
    "message without a name": lambda: frame([[]]),
    "nested message": lambda: (200).to_bytes(4, "big") + b"\x81" * 200,
    "welcome of version 9": lambda: frame(["welcome", 9, now_ms(), 0]),
    "want without an offer": lambda: frame(welcome(0)) + frame(["want", 7, 0]),
    "receipt without an offer": lambda: frame(welcome(0)) + frame(["receipt", 1, b"\x80"]),
    "endless documents": lambda: frame(welcome(1 << 40)) + frame(["document", b"\x80"]) * 50,
    "negative time": lambda: frame(["welcome", VERSION, -5, 0]),
    "end at once": lambda: frame(["bye"]),
    "noise": lambda: hashlib.shake_256(b"noise").digest(5000),
}
ADAPTED = (
    "document of another signer", "document with a broken signature", "document of another time", "document that is none",
    "receipt as a document", "other audio", "want beyond the end", "want the end", "refuse all", "again and again",
    "receipt of another signer", "receipt for another device", "receipt for another recording", "receipt for another number",
    "receipt with another head", "receipt without copies", "receipt that is none",
)  # fmt: skip
SILENT = ("silence", "half a message")
LIES = (*(lie.replace(" ", "-") for lie in (*ADAPTED, *RAW, *SILENT)),)


def foreign(kind: str, version: int, body: list) -> bytes:
    """A document that another organisation's operator has signed."""
    key = ec.generate_private_key(ec.SECP256R1())
    return documents.encode(kind, version, body, sign(key, documents.digest(PRIMITIVES, kind, version, body)))


class LyingVault:
    """One lie on a port of its own. happened: it has been told."""

    def __init__(self, organisation: Organisation, lie: str, device_id: str) -> None:
        self.lie = lie.replace("-", " ") if not lie.startswith("clock:") else lie
        self._organisation = organisation
        self._device_id = device_id
        self._context = organisation.server_context()
        self._socket = socket.create_server((HOST, 0))
        self.port = self._socket.getsockname()[1]
        self.happened = False
        self._error: Exception | None = None
        self._open: socket.socket | None = None
        self._closed = False
        self._thread = threading.Thread(target=self._serve)

    def start(self) -> None:
        self._thread.start()

    def close(self) -> None:
        self._closed = True
        with suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
        if self._open:
            with suppress(OSError):
                self._open.shutdown(socket.SHUT_RDWR)
        self._thread.join(20)
        assert not self._thread.is_alive()
        if self._error:
            raise self._error

    def _serve(self) -> None:
        while not self._closed:
            try:
                raw, _ = self._socket.accept()
            except OSError:
                return
            self._open = raw
            raw.settimeout(WAIT_S)
            try:
                with suppress(OSError, WireError), raw, self._context.wrap_socket(raw, server_side=True) as line:
                    self._session(line)
            except Exception as error:  # noqa: BLE001 - raised by `close`, in the thread of the test
                self._error = error
                return

    def _session(self, line: ssl.SSLSocket) -> None:
        if self.lie in RAW:
            line.recv(4096)
            self.happened = True
            line.sendall(RAW[self.lie]())
            line.recv(4096)
            return
        if self.lie in SILENT:
            line.recv(4096)
            self.happened = True
            if self.lie != "silence":
                line.sendall(frame(welcome(0))[:7])
            line.recv(4096)
            return
        adapter = Liar(self._organisation, self.lie)
        adapter.device_id = self._device_id
        offset = int(self.lie.partition(":")[2] or 0) if self.lie.startswith("clock:") else 0
        self.happened = self.happened or bool(offset)
        session = VaultSession(self._device_id, adapter, lambda: max(0, now_ms() + offset))
        while True:
            event = session.next_event()
            while data := session.data_to_send():
                line.sendall(data)
            self.happened = self.happened or adapter.told
            if session.closed:
                return
            if event is None:
                session.receive(line.recv(65536))
