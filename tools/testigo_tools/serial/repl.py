"""Copies files to a chip through MicroPython's raw REPL, on any port that pyserial opens.

The wire protocol is mpremote's. What is added here is getting to the prompt of a chip whose firmware is running (it
takes Ctrl-C as data from its first line on, so it is asked to restart into service mode), and sending only what differs.
"""

import hashlib
import time
from collections.abc import Callable

from mpremote.transport import TransportError, TransportExecError
from mpremote.transport_serial import SerialTransport
from serial import SerialException

from testigo_tools.serial.port import Port, PortError

CHUNK = 1024
PROMPT_S = 4.0
ANSWER_S = 4.0
# The packages that belong to the firmware: files in them that it no longer has are removed.
OWNED = ("lib/testigo_wire", "lib/recorder")
LIST = """
import os
def _walk(folder):
    try:
        entries = list(os.ilistdir('/' + folder))
    except OSError:
        return
    for entry in entries:
        path = folder + '/' + entry[0]
        if entry[1] == 0x4000:
            _walk(path)
        else:
            print(path)
"""
DIGEST = """
import hashlib
def _digest(path):
    h = hashlib.sha256()
    try:
        f = open('/' + path, 'rb')
    except OSError:
        return ''
    while True:
        part = f.read(512)
        if not part:
            return h.digest().hex()
        h.update(part)
"""


class ReplError(Exception):
    """The chip does not answer as expected; the text says what to do."""


def request_service_mode(port: str, baud: int) -> bool:
    """Request a restart into service mode over the serial link; a chip with an identity refuses it."""
    try:
        with Port(port, baud, wait_s=ANSWER_S) as device:
            device.request("service")
    except PortError:
        return False
    return True


class Repl:
    """A chip at its raw REPL."""

    def __init__(self, port: str, baud: int) -> None:
        self.port, self.baud = port, baud
        self.transport = self._open()
        try:
            self._interrupt()
        except ReplError:
            self.close()
            raise

    def _open(self) -> SerialTransport:
        try:
            return SerialTransport(self.port, baudrate=self.baud)
        except (OSError, SerialException, TransportError) as error:
            raise ReplError(
                f"{self.port} cannot be opened ({error}). `python -m serial.tools.list_ports` lists ports."
            ) from error

    def _interrupt(self) -> None:
        """Get the prompt: by Ctrl-C on a chip without firmware, else by a reset, which also stops another program or a
        firmware that fails at once, else by requesting a restart of the firmware."""
        if self._at_prompt():
            return
        self._reset_lines()
        if self._prompt_while_booting():
            return
        self.close()
        asked = request_service_mode(self.port, self.baud)
        self.transport = self._open()
        if asked and self._prompt_while_booting():
            return
        raise ReplError(
            f"no MicroPython prompt on {self.port}. If the chip is empty, write a stock image first "
            "(--erase-and-flash IMAGE.bin). If the firmware is running, put the chip into service mode: press reset, then "
            "hold the board's button for a second and let it go. Close other programs that have the port open."
        )

    def _prompt_while_booting(self) -> bool:
        """The boot loader and MicroPython need up to a second; from then on Ctrl-C counts, but not in the firmware."""
        end = time.monotonic() + PROMPT_S
        try:
            while time.monotonic() < end:
                self.transport.serial.write(b"\x03")
                time.sleep(0.05)
        except (OSError, SerialException) as error:
            raise ReplError(f"{self.port} was lost: {error}") from error
        return self._at_prompt()

    def _at_prompt(self) -> bool:
        """Ctrl-C, then the first text of the raw REPL; other output of the chip is skipped."""
        serial = self.transport.serial
        serial.timeout = 0.2
        try:
            serial.write(b"\r\x03\x03")
            time.sleep(0.1)
            serial.reset_input_buffer()
            serial.write(b"\r\x01")
            seen = b""
            end = time.monotonic() + 1.5
            while time.monotonic() < end:
                seen = (seen + serial.read(256))[-512:]
                if seen.endswith(b"raw REPL; CTRL-B to exit\r\n>"):
                    serial.timeout = None
                    self.transport.in_raw_repl = True
                    # The transport waits for the prompt before each command: request it once more.
                    serial.write(b"\x01")
                    return True
        except (OSError, SerialException) as error:
            raise ReplError(f"{self.port} was lost: {error}") from error
        return False

    def _reset_lines(self) -> None:
        """RTS pulls EN low on the usual boards; a port without lines (a socket) ignores it."""
        try:
            self.transport.serial.dtr = False
            self.transport.serial.rts = True
            time.sleep(0.1)
            self.transport.serial.rts = False
        except OSError:
            return

    def run(self, code: str) -> str:
        try:
            return self.transport.exec(code).decode("utf-8", "replace")
        except TransportExecError as error:
            raise ReplError(f"the chip said: {str(error).strip().splitlines()[-1]}") from error
        except (OSError, SerialException, TransportError) as error:
            raise ReplError(f"{self.port} was lost: {error}") from error

    def version(self) -> tuple[str, tuple[int, ...]]:
        """The machine's name and MicroPython's version."""
        line = self.run("import sys; print(sys.implementation._machine, *sys.implementation.version[:3], sep='|')")
        machine, *version = line.strip().split("|")
        return machine, tuple(int(part) for part in version)

    def digest(self, path: str) -> bytes:
        return bytes.fromhex(self.run(f"print(_digest({path!r}))").strip())

    def listing(self) -> list[str]:
        self.run(LIST)
        return self.run("".join(f"_walk({folder!r})\n" for folder in OWNED)).split()

    def remove(self, path: str) -> None:
        self.run(f"import os; os.remove('/' + {path!r})")

    def write(self, path: str, content: bytes, report: Callable[[int], None]) -> None:
        """Write a new file and rename it, so that an interruption leaves the old one."""
        folders = path.split("/")[:-1]
        for depth in range(1, len(folders) + 1):
            folder = "/" + "/".join(folders[:depth])
            self.run(f"import os\ntry:\n os.mkdir({folder!r})\nexcept OSError as e:\n if e.errno != 17: raise\n")
        self.run(f"f = open('/' + {path!r} + '.part', 'wb'); w = f.write")
        for at in range(0, len(content), CHUNK):
            part = content[at : at + CHUNK]
            self.run(f"w({part!r})")
            report(len(part))
        self.run(f"import os; f.close(); os.rename('/' + {path!r} + '.part', '/' + {path!r})")

    def install(self, files: dict[str, bytes], report: Callable[[str, int], None]) -> tuple[int, int]:
        """Send files that differ, remove files that are gone; returns the count of each. Calls `report(path, bytes)`."""
        self.run(DIGEST)
        sent = 0
        for path, content in files.items():
            if self.digest(path) == hashlib.sha256(content).digest():
                report(path, len(content))
                continue
            self.write(path, content, lambda count, path=path: report(path, count))  # type: ignore[misc]
            sent += 1
        gone = [path for path in self.listing() if path not in files]
        for path in gone:
            self.remove(path)
        return sent, len(gone)

    def restart(self) -> None:
        """A hard reset, after which the firmware starts (a request for service mode, kept in RTC memory, is lost); the
        port may vanish while the chip goes down."""
        try:
            self.transport.exec_raw_no_follow("import machine; machine.RTC().memory(b''); machine.reset()")
            time.sleep(0.2)
        except (OSError, SerialException, TransportError):
            pass
        self.close()

    def close(self) -> None:
        try:
            self.transport.close()
        except (OSError, SerialException):
            pass
