"""The ends of a system test: an organisation with its vault as a process, and an appliance as a process.

`Branch` (branch.py) puts them together with sipp and baresip, and captures of their traffic. Everything listens on
loopback ports that are free, and belongs to one folder.
"""

import os
import random
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from support.micropython_runner import ROOT
from support.serial_line import environment
from testigo_vault.documents.archive import documents_of
from testigo_vault.errors import NotFound
from testigo_vault.identity.organisation import Organisation
from testigo_vault.new_vault import create
from testigo_vault.playback.decrypt import open_audio
from testigo_vault.recordings.search import RecordingIndex
from testigo_vault.storage.models import Recording
from testigo_vault.vault import Vault

HOST = "127.0.0.1"
PASSPHRASE = "words of the organisation"
AUDIO_PASSPHRASE = "words that open audio"
NEAR, FAR = 0, 1


def wait_for(done: Callable[[], Any], limit_s: float = 20, what: str = "") -> Any:
    """What `done` gives as soon as it is true."""
    end = time.monotonic() + limit_s
    while True:
        value = done()
        if value:
            return value
        assert time.monotonic() < end, f"waited {limit_s} s for {what or done}"
        time.sleep(0.05)


def free_tcp_port(host: str = HOST) -> int:
    """Below the range that systems hand out by themselves, so that nobody gets it before it is used."""
    while True:
        with socket.socket() as probe:
            port = random.randrange(12000, 32000)
            try:
                probe.bind((host, port))
            except OSError:
                continue
            return port


def free_udp_range(count: int, host: str = HOST) -> int:
    """The first of `count` free UDP ports; even. Below the range that systems hand out by themselves."""
    for _ in range(1000):
        first = random.randrange(12000, 32000 - count) & ~1
        probes: list[socket.socket] = []
        try:
            for port in range(first, first + count):
                probes.append(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
                probes[-1].bind((host, port))
        except OSError:
            continue
        finally:
            for probe in probes:
                probe.close()
        return first
    raise AssertionError("no free ports")


def make_organisation(folder: Path, host: str = HOST) -> Organisation:
    """An organisation whose vault listens on free ports."""
    create(folder, "Test organisation", PASSPHRASE, AUDIO_PASSPHRASE)
    text = (folder / "vault.toml").read_text().replace("0.0.0.0", host)
    for port in ("5571", "5580"):
        text = text.replace(f"port = {port}", f"port = {free_tcp_port()}")
    (folder / "vault.toml").write_text(text)
    return Organisation(folder)


class VaultProcess:
    """`testigo vault run`, and what is in the vault."""

    def __init__(self, folder: Path, micropython: Path) -> None:
        self.folder = folder
        self.organisation = Organisation(folder)
        self.documents = documents_of(self.organisation)
        self.ingest_port = self.organisation.config.ingest.port
        self.web = ""
        self._environment = environment(micropython)
        self.process: subprocess.Popen[str] | None = None

    def start(self) -> None:
        line = [sys.executable, "-m", "testigo_tools.cli", "vault", "run", "--vault", str(self.folder)]
        with open(self.folder.with_suffix(".log"), "a") as log:
            self.process = subprocess.Popen(
                line, env=self._environment, stdout=subprocess.PIPE, stderr=log, text=True, cwd=ROOT
            )
        assert self.process.stdout is not None
        said = self.process.stdout.readline()
        assert said.startswith("ingest on port"), self.folder.with_suffix(".log").read_text()[-2000:]
        self.web = said.rpartition(" ")[2].strip()

    def stop(self, how: int = signal.SIGTERM) -> None:
        if self.process is None:
            return
        self.process.send_signal(how)
        self.process.wait(20)
        assert self.process.stdout is not None
        self.process.stdout.close()
        self.process = None

    def kill(self) -> None:
        self.stop(signal.SIGKILL)

    @contextmanager
    def opened(self):
        vault = Vault(self.folder)
        try:
            yield vault
        finally:
            vault.close()

    def find(self, device_id: str, number: int) -> Recording | None:
        with self.opened() as vault, suppress(NotFound):
            return RecordingIndex(vault.database).get(f"{device_id}/{number}")
        return None

    def raw(self, recording: Recording) -> tuple[bytes, bytes]:
        """The G.711 bytes of the near and the far leg."""
        with self.opened() as vault:
            return open_audio(vault, recording, vault.organisation.audio_key(AUDIO_PASSPHRASE)).raw

    def copies(self, recording: Recording) -> list[bytes]:
        """The bytes at rest, in every copy."""
        with self.opened() as vault:
            return [place.get(recording.path) for place in vault.store.places]


class Appliance:
    """`testigo virtual run`. root: its flash, so to say. options: more of its command line, as "--heap"."""

    def __init__(self, root: Path, micropython: Path, *options: str) -> None:
        self.root = root
        self.port = root / "tty"
        self.options = options
        self._environment = environment(micropython)
        self.process: subprocess.Popen[str] | None = None

    def command(self) -> list[str]:
        return [sys.executable, "-m", "testigo_tools.cli", "virtual", "run", "--root", str(self.root), *self.options]

    def start(self) -> None:
        self.process = subprocess.Popen(
            self.command(), env=self._environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, cwd=ROOT
        )
        assert self.process.stdout is not None
        said = self.process.stdout.readline()
        assert "serial port" in said, said + self.process.stdout.read()

    def stop(self) -> None:
        if self.process is None:
            return
        self.process.terminate()
        self._ended()

    def kill(self) -> None:
        """As a power cut: the firmware has no moment left."""
        assert self.process is not None
        with suppress(ProcessLookupError):
            os.kill(int((self.root / "appliance.pid").read_text()), signal.SIGKILL)
        self._ended()

    def _ended(self) -> None:
        assert self.process is not None and self.process.stdout is not None
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.process.stdout.close()
        self.process = None

    def spool(self) -> dict[str, bytes]:
        """Files of the spool; one may go while it is read."""
        found = {}
        for path in sorted((self.root / "spool").glob("*")):
            with suppress(FileNotFoundError):
                found[path.name] = path.read_bytes()
        return found

    def log(self) -> str:
        path = self.root / "log.txt"
        return path.read_text(errors="replace") if path.exists() else ""
