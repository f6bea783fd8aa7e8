"""TLS on the serial link, the vault's end: one session at a time on channel 1 of a port."""

import ssl
from collections.abc import Callable
from typing import Any

from testigo_tools.serial.port import Port
from testigo_wire.link.device import SILENCE_MS
from testigo_wire.link.vault import VaultSession

SILENCE_S = SILENCE_MS / 1000
PIECE = 16384


class HungUp(Exception):
    """The device ended its stream before the session was over; its log says why."""


class SerialTls:
    """TLS as the server; blocks, with a time limit on every wait."""

    def __init__(self, context: ssl.SSLContext, port: Port) -> None:
        self._port = port
        self._in = ssl.MemoryBIO()
        self._out = ssl.MemoryBIO()
        self._tls = context.wrap_bio(self._in, self._out, server_side=True)

    def handshake(self, limit_s: float | None) -> bytes:
        """The device's certificate (DER). Raises ssl.SSLError; the alert that says why has then been sent.

        limit_s: how long the device may take to begin.
        """
        while True:
            try:
                self._tls.do_handshake()
                break
            except ssl.SSLWantReadError:
                self._flush()
                self._fill(limit_s)
                limit_s = SILENCE_S
            except ssl.SSLError:
                self._flush()
                raise
        self._flush()
        return self._tls.getpeercert(True) or b""

    def receive(self) -> bytes:
        while True:
            try:
                return self._tls.read(PIECE)
            except ssl.SSLWantReadError:
                self._fill(SILENCE_S)
            except (ssl.SSLZeroReturnError, ssl.SSLEOFError):
                return b""

    def send(self, data: bytes) -> None:
        self._tls.write(data)
        self._flush()

    def _fill(self, limit_s: float | None) -> None:
        data = self._port.receive(limit_s)
        if not data:
            raise HungUp("the device ended its stream")
        self._in.write(data)

    def _flush(self) -> None:
        data = self._out.read()
        if data:
            self._port.send(1, data, SILENCE_S)


def serve(
    port: Port,
    context: ssl.SSLContext,
    admit: Callable[[bytes], str],
    adapter: Callable[[str], Any],
    clock: Callable[[], int],
    report: Callable[[tuple], None],
    begin_s: float | None,
) -> str:
    """One whole session of the device on this port; gives its id.

    admit(certificate) gives the device id or raises; adapter(device_id) is as VaultSession wants it.
    begin_s: how long the device may take to begin, None for ever.
    """
    tls = SerialTls(context, port)
    hung_up = False
    try:
        device_id = admit(tls.handshake(begin_s))
        vault = adapter(device_id)
        try:
            _exchange(tls, VaultSession(device_id, vault, clock), report)
        finally:
            vault.close()
        return device_id
    except HungUp:
        hung_up = True
        raise
    finally:
        _end_streams(port, hung_up)


def _exchange(tls: SerialTls, session: VaultSession, report: Callable[[tuple], None]) -> None:
    while not session.closed:
        event = session.next_event()
        if event:
            report(event)
            continue
        data = session.data_to_send()
        if data:
            tls.send(data)
        elif not session.closed:
            session.receive(tls.receive())


def _end_streams(port: Port, hung_up: bool) -> None:
    """End our stream and read the device's to its end, so that the next session starts with an empty channel."""
    port.end_stream()
    while not hung_up and port.receive(SILENCE_S):
        pass
