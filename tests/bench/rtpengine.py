"""rtpengine as a media relay in user space that records to pcap, over its control protocol ("ng": bencoded dictionaries)."""

import os
import re
import shutil
import socket
import subprocess
import time
from pathlib import Path
from typing import Any

from parties import Party

from support.micropython_runner import TOOLS
from testigo_tools.demo.environment import free_ports
from testigo_wire.sip import sdp

START_S = 10
DEAD_S = 3
ANSWER = re.compile(rb"3:sdp(\d+):")


def program() -> str | None:
    return shutil.which("rtpengine", path=f"{TOOLS}:{os.environ['PATH']}")


def bencode(value: Any) -> bytes:
    if isinstance(value, dict):
        return b"d" + b"".join(bencode(key) + bencode(value[key]) for key in sorted(value)) + b"e"
    if isinstance(value, list):
        return b"l" + b"".join(map(bencode, value)) + b"e"
    data = value if isinstance(value, bytes) else str(value).encode()
    return b"%d:%s" % (len(data), data)


class Rtpengine:
    """One process, whose recordings are in `folder`."""

    def __init__(self, folder: Path) -> None:
        name = program()
        assert name
        self.folder = folder
        (folder / "spool").mkdir(parents=True)
        self._log = open(folder / "log.txt", "wb")  # noqa: SIM115 - closed with the process
        (port,) = free_ports(socket.SOCK_DGRAM, 1)
        (first,) = free_ports(socket.SOCK_DGRAM, 1)
        first = min(first, 64000) & ~1
        options = {
            "interface": "127.0.0.1",
            "listen-ng": f"127.0.0.1:{port}",
            "table": -1,
            "port-min": first,
            "port-max": first + 400,
            "recording-dir": folder / "spool",
            "recording-method": "pcap",
            "log-level": 3,
            "pidfile": folder / "pid",
        }
        line = [name, "--foreground", "--log-stderr", *(f"--{option}={value}" for option, value in options.items())]
        self.process = subprocess.Popen(line, stdout=self._log, stderr=self._log, cwd=folder)
        self._sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._sock.connect(("127.0.0.1", port))
        self._sock.settimeout(0.5)
        self._cookies = 0
        end = time.monotonic() + START_S
        while True:
            try:
                self._ask({"command": "ping"})
                return
            except OSError as error:
                if time.monotonic() > end or self.process.poll() is not None:
                    said = (folder / "log.txt").read_text(errors="replace")[-1000:]
                    raise RuntimeError(f"rtpengine does not answer: {said}") from error
                time.sleep(0.1)

    def _ask(self, message: dict[str, Any]) -> bytes:
        self._cookies += 1
        cookie = b"%d " % self._cookies
        self._sock.send(cookie + bencode(message))
        while True:
            answer = self._sock.recv(8192)
            if answer.startswith(cookie):
                return answer

    def _session(self, message: dict[str, Any]) -> sdp.Endpoint:
        answer = self._ask(message)
        found = ANSWER.search(answer)
        if not found:
            raise RuntimeError(f"rtpengine refused: {answer!r}")
        return answer[found.end() : found.end() + int(found[1])]

    def call(self, number: int) -> tuple[Party, Party]:
        """The two parties of a recorded call, who send to rtpengine."""
        caller, called = Party(), Party()
        message = {"call-id": f"bench-{number}", "from-tag": "caller", "record call": "on", "ICE": "remove"}
        offer = caller.endpoint.offer(encodings=("PCMU",))
        relayed = self._session({**message, "command": "offer", "sdp": offer})
        body, agreed = called.endpoint.answer(relayed)
        called.agree(agreed)
        answered = self._session({**message, "command": "answer", "to-tag": "called", "sdp": body})
        caller.agree(caller.endpoint.accept(answered))
        return caller, called

    def recorded_bytes(self) -> int:
        return sum(path.stat().st_size for path in (self.folder / "spool").rglob("*") if path.is_file())

    def close(self) -> None:
        self._sock.close()
        self.process.terminate()
        try:
            self.process.wait(DEAD_S)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self._log.close()
