"""The process that runs a scenario of sipp.py."""

import re
import socket
import subprocess
from pathlib import Path

from support.peers import peer
from support.rig import free_udp_range, wait_for
from support.sip.sipp import Scenario

SECONDS = 40
MESSAGE = re.compile(r"^-{40,} \S+ (\S+)\n(?:UDP message )?(sent|received) [^\n]*\n\n?([^\n]*)", re.MULTILINE)


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
        """Until it waits for messages: on a busy machine the time from its bind to there is longer than a retransmission."""

        def bound() -> bool:
            assert self.process.poll() is None, self.said()
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
                try:
                    probe.bind(self.address)
                except OSError:
                    return self._sleeps()
            return False

        wait_for(bound, 20)

    def _sleeps(self) -> bool:
        stat = Path(f"/proc/{self.process.pid}/stat").read_text()
        return stat.rpartition(")")[2].split()[0] == "S"

    def said(self) -> str:
        """What it complained of, and the first line of each message with its time."""
        log = self.folder / "errors.log"
        text = (log if log.exists() else self.folder / "output").read_text(errors="replace")
        return "\n".join([text, *self._messages()])

    def _messages(self) -> list[str]:
        log = self.folder / "messages.log"
        text = log.read_text(errors="replace") if log.exists() else ""
        return [f"{at} {how}: {line}" for at, how, line in MESSAGE.findall(text)]

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
