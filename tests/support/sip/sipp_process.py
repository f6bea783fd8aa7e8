"""The process that runs a scenario of sipp.py."""

import socket
import subprocess
from pathlib import Path

from support.peers import peer
from support.rig import free_udp_range, wait_for
from support.sip.sipp import Scenario

SECONDS = 40


def free_port(host: str) -> int:
    """A UDP port with the next three free too: sipp takes RTP ports in steps of two."""
    return free_udp_range(4, host)


class Sipp:
    """One end, running. target: None for one that is called. at_once: fewer calls than all at a time."""

    def __init__(
        self,
        folder: Path,
        host: str,
        scenario: Scenario,
        speech: bytes,
        target=None,
        calls: int = 1,
        port: int = 0,
        at_once: int = 0,
    ) -> None:
        folder.mkdir(parents=True)
        self.folder = folder
        self.address = (host, port or free_port(host))
        (folder / "speech.raw").write_bytes(speech)
        (folder / "scenario.xml").write_text(scenario.text().replace("[speech]", str(folder / "speech.raw")))
        line = [peer("sipp"), "-sf", "scenario.xml", "-i", host, "-mi", host, "-p", str(self.address[1])]
        line += [
            "-mp",
            str(free_port(host)),
            "-m",
            str(calls),
            "-l",
            str(at_once or calls),
            "-nostdin",
            "-trace_err",
            "-trace_msg",
        ]
        line += [
            "-message_file",
            "messages.log",
            "-error_file",
            "errors.log",
            "-timeout",
            f"{SECONDS}s",
            "-timeout_error",
        ]
        if target:
            line.append(f"{target[0]}:{target[1]}")
        with open(folder / "output", "wb") as output:
            self.process = subprocess.Popen(
                line, cwd=folder, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT
            )
        if not target:
            self._wait_bound()

    def _wait_bound(self) -> None:
        def bound() -> bool:
            assert self.process.poll() is None, self.said()
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
                try:
                    probe.bind(self.address)
                except OSError:
                    return True
            return False

        wait_for(bound, 10)

    def said(self) -> str:
        """What it complained of."""
        log = self.folder / "errors.log"
        return log.read_text(errors="replace") if log.exists() else (self.folder / "output").read_text(errors="replace")

    def succeeded(self, limit_s: float = 40) -> None:
        """Wait for its end: the scenario went as it is written."""
        try:
            status = self.process.wait(limit_s)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"sipp did not end; it said: {self.said()}") from None
        assert status == 0, self.said()

    def kill(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
