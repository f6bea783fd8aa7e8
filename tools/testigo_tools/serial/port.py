"""A device's serial port, from the host's side: opens any port that pyserial opens and runs the serial link on it.

DTR and RTS are held, so that most boards do not reset when the port is opened; what the device says while it boots is
skipped by the framing. A thread pumps between the port and the sans-I/O endpoint.
"""

import secrets
import select
import threading
import time
from collections.abc import Callable
from typing import Any

import serial

from testigo_wire.console.client import Client, RequestRefused
from testigo_wire.console.transport import CONTROL, OPEN, TLS, VERSION, Endpoint
from testigo_wire.errors import WireError

BAUD = 115200
READ_SIZE = 4096
LOOK_S = 0.01
RECEIVE_BUFFER = 8192
BURST = 8192
SEND_BUFFER = 16384


class PortError(Exception):
    """The port or the device does not work; the text says what to try."""


def now_ms() -> int:
    return time.monotonic_ns() // 1_000_000


class Port:
    """An open port with a session to the device. Use it as a context manager."""

    def __init__(self, url: str | serial.SerialBase, baud: int = BAUD, wait_s: float = 15.0) -> None:
        """url: a name or URL, or a port that another program opened and will close."""
        if isinstance(url, str):
            self.url = url
            self._serial = self._open(url, baud)
        else:
            self.url = url.port
            self._serial = url
            self._serial.timeout = 0
        self._owned = isinstance(url, str)
        self._endpoint = Endpoint(
            secrets.randbelow(2**32 - 1) + 1,
            active=True,
            receive_buffer=RECEIVE_BUFFER,
            burst=BURST,
            send_buffer=SEND_BUFFER,
        )
        self._changed = threading.Condition(threading.RLock())
        self._failure: str | None = None
        self._closing = False
        self._client = Client()
        self._thread = threading.Thread(target=self._pump, name=f"port {url}", daemon=True)
        self._thread.start()
        try:
            self.connect(wait_s)
        except PortError:
            self.close()
            raise

    @staticmethod
    def _open(url: str, baud: int) -> serial.SerialBase:
        try:
            port = serial.serial_for_url(url, baudrate=baud, do_not_open=True, timeout=0, write_timeout=10)
            port.dtr = False
            port.rts = False
            if hasattr(port, "exclusive") and "://" not in url:
                port.exclusive = True
            port.open()
        except (OSError, ValueError, serial.SerialException) as error:
            raise PortError(
                f"{url} cannot be opened: {error}. `python -m serial.tools.list_ports` lists ports; close other programs "
                "that use this one, and see that you may read and write it (on Linux: the group dialout)."
            ) from None
        return port

    def __enter__(self) -> "Port":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def connect(self, wait_s: float) -> None:
        """Wait for a session, also for a new one after a restart of the device."""
        end = time.monotonic() + wait_s
        with self._changed:
            while self._endpoint.state != OPEN:
                self._check_alive()
                if self._endpoint.peer_version:
                    raise PortError(
                        f"the device on {self.url} speaks version {self._endpoint.peer_version} of the serial link, this "
                        f"program version {VERSION}: install the firmware and the tools of one release."
                    )
                left = end - time.monotonic()
                if left <= 0:
                    raise PortError(
                        f"no answer on {self.url}. Is it the right port, is the firmware on the device (`testigo "
                        "flash`), and is it out of service mode (reset it without holding the button)?"
                    )
                self._changed.wait(left)
            self.session = self._endpoint.session
            self._client = Client()

    def close(self) -> None:
        with self._changed:
            self._closing = True
        self._thread.join(2)
        if self._owned:
            self._serial.close()

    @property
    def quality(self) -> tuple[int, int, int, int]:
        """Frames sent, sent again, received, and damaged on the way here."""
        endpoint = self._endpoint
        return endpoint.sent, endpoint.resent, endpoint.received, endpoint.bad

    # Control

    def request(
        self, name: str, *arguments: Any, limit_s: float = 30, more: Callable[[Any], None] | None = None
    ) -> Any:
        """Send a request and wait for its answer; raises PortError with the device's reason if it refuses."""
        end = time.monotonic() + limit_s
        self.send(CONTROL, self._client.request(name, *arguments), limit_s)
        with self._changed:
            while True:
                try:
                    answer = self._client.next()
                except RequestRefused as error:
                    raise PortError(f"the device refuses {name}: {error}") from None
                except WireError as error:
                    raise PortError(f"the device's answer to {name} cannot be read: {error}") from None
                if answer and answer[0]:
                    return answer[1]
                if answer:
                    end = time.monotonic() + limit_s
                    if more:
                        more(answer[1])
                    continue
                data = self._read(CONTROL, end - time.monotonic(), f"its answer to {name}")
                self._client.receive(data)

    def diagnose(self) -> dict[str, Any]:
        """The status of the device (docs/formats/control.md, `diag`)."""
        return dict(self.request("diag"))

    # Streams

    def send(self, channel: int, data: bytes, limit_s: float = 30) -> None:
        """Give all of `data` to the link, waiting for room."""
        end = time.monotonic() + limit_s
        with self._changed:
            while data:
                self._check_session()
                taken = self._endpoint.send(channel, data)
                data = data[taken:]
                self._write_frames()
                if data and not taken:
                    if time.monotonic() > end:
                        raise PortError(f"the device on {self.url} takes no more bytes")
                    self._changed.wait(0.1)

    def end_stream(self) -> None:
        with self._changed:
            self._endpoint.send_end(TLS)
            self._write_frames()

    def receive(self, limit_s: float | None) -> bytes:
        """The next bytes of the TLS channel, empty where the device ended its stream."""
        with self._changed:
            return self._read(TLS, limit_s, "bytes")

    def _read(self, channel: int, limit_s: float | None, what: str) -> bytes:
        end = None if limit_s is None else time.monotonic() + limit_s
        while True:
            self._check_session()
            data = self._endpoint.read(channel)
            if data is not None:
                self._write_frames()
                return bytes(data)
            if end is not None and time.monotonic() >= end:
                raise PortError(f"the device on {self.url} did not send {what} in time")
            self._changed.wait(0.5)

    def _check_alive(self) -> None:
        if self._failure:
            raise PortError(f"{self.url} was lost: {self._failure}")

    def _check_session(self) -> None:
        self._check_alive()
        if self._endpoint.session != self.session or self._endpoint.state != OPEN:
            raise PortError(f"the device on {self.url} restarted, or the line was broken for too long")

    # The pump

    def _wait_readable(self) -> None:
        try:
            select.select([self._serial.fileno()], [], [], LOOK_S)
        except (OSError, ValueError, AttributeError):
            time.sleep(LOOK_S / 3)  # a port without a descriptor, such as rfc2217:// or one on Windows

    def _write_frames(self) -> None:
        while frame := self._endpoint.data_to_send(now_ms()):
            self._serial.write(frame)

    def _pump(self) -> None:
        try:
            while not self._closing:
                self._wait_readable()
                data = self._serial.read(READ_SIZE)
                with self._changed:
                    before = self._endpoint.session, self._endpoint.state
                    if data:
                        self._endpoint.receive(bytes(data), now_ms())
                    self._write_frames()
                    if data or before != (self._endpoint.session, self._endpoint.state):
                        self._changed.notify_all()
        except (OSError, serial.SerialException, serial.SerialTimeoutException, TypeError) as error:
            # pyserial raises TypeError when another thread has closed the port.
            with self._changed:
                self._failure = str(error)
                self._changed.notify_all()
