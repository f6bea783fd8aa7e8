"""The environment of the demonstration: an organisation, its vault, a virtual appliance and two telephones, all on loopback."""

import os
import secrets
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from rich.progress import Progress

from testigo_tools.serial.port import Port
from testigo_tools.serial.provisioning import certify, proven_key, push
from testigo_vault.documents.signing import sign_policy, sign_settings
from testigo_vault.identity.roles import ROLES
from testigo_vault.new_vault import create
from testigo_vault.notice import audio as notice_audio
from testigo_vault.notice.signed import sign_notice
from testigo_vault.timestamps import now_ms
from testigo_vault.vault import Vault

DEVICE = "branch-1"
USER = "demo"
NOTICE = (
    "Welcome to Example. We record this call as proof of what we agree. Our website says how to use your rights. "
    "Press one to agree, or nine to object."
)
POLICY = """\
timezone = "UTC"
[controller]
name = "Example"
contact = "privacy@example.com"
information = "www.example.com/calls"
[processing]
retention_days = 365
[numbering]
country_code = "34"

[[lines]]
name = "main"
mode = "all"
basis = "consent"
purposes = ["proof"]
rule = "opt-in"
accept_key = "1"
object_key = "9"
order = "notice-first"
key_timeout_s = 8
worker = "acknowledgement"
longest_minutes = 120
[[lines.notices]]
language = "en"
notice = "welcome"
[[lines.acknowledgements]]
worker = "the worker of the demonstration"
date = 2026-01-02
text = "demonstration"
"""
SETTINGS = """\
max_calls = {calls}
[network]
kind = "none"
[sync]
kind = "tcp"
host = "127.0.0.1"
port = {ingest}
[sip]
bind_host = "127.0.0.1"
sip_port = {sip}
rtp_first_port = {rtp}
rtp_last_port = {rtp_last}
[sip.near]
mode = "trunk"
host = "127.0.0.1"
port = {near}
user = "worker"
line = "main"
[sip.far]
mode = "trunk"
host = "127.0.0.1"
port = {far}
"""
START_S = 30


class DemoError(Exception):
    """A part of the demonstration did not start; the text says which, and names its log."""


def free_ports(kind: socket.SocketKind, count: int) -> list[int]:
    """Free ports; all are open at once while they are chosen, so that none is chosen twice."""
    socks = [socket.socket(socket.AF_INET, kind) for _ in range(count)]
    try:
        for sock in socks:
            sock.bind(("127.0.0.1", 0))
        return [sock.getsockname()[1] for sock in socks]
    finally:
        for sock in socks:
            sock.close()


class DemoEnvironment:
    """progress(text) is called before each step."""

    def __init__(
        self,
        folder: Path,
        progress: Callable[[str], None],
        policy_text: str = POLICY,
        notice: str = NOTICE,
        max_calls: int = 2,
    ) -> None:
        self.folder = folder
        self._policy_text = policy_text
        self._notice = notice
        self._max_calls = max_calls
        self.root = folder / "appliance"
        self.vault_folder = folder / "vault"
        self.audio_passphrase = secrets.token_urlsafe(9)
        self.password = secrets.token_urlsafe(12)
        self.sip, self.near, self.far = free_ports(socket.SOCK_DGRAM, 3)
        self.ingest, self.web = free_ports(socket.SOCK_STREAM, 2)
        self._progress = progress
        self._passphrase = secrets.token_urlsafe(12)
        self._vault_process: subprocess.Popen[bytes] | None = None
        self._appliance: subprocess.Popen[bytes] | None = None
        self.vault: Vault

    def make(self) -> None:
        """Keys, policy, notice, settings; then the vault's service and the appliance, which is provisioned."""
        self._progress("making the organisation's keys and certificates")
        made = create(self.vault_folder, "Example", self._passphrase, self.audio_passphrase, lambda text: None)
        self._ports_of_vault()
        self.vault = Vault(self.vault_folder)
        self.vault.users.add(USER, list(ROLES), self.password, now_ms())
        self._progress("speaking the notice, signing it and the policy")
        sign_notice(made, "welcome", "en", self._notice, notice_audio.from_text(self._notice, "en"))
        (self.vault_folder / "policy.toml").write_text(self._policy_text)
        sign_policy(made, self.vault_folder / "policy.toml")
        rtp = free_ports(socket.SOCK_DGRAM, 1)[0] & ~1
        rtp = min(rtp, 65400)
        settings = SETTINGS.format(
            ingest=self.ingest,
            sip=self.sip,
            near=self.near,
            far=self.far,
            rtp=rtp,
            rtp_last=rtp + 100,
            calls=self._max_calls,
        )
        (self.vault_folder / "settings.toml").write_text(settings)
        self._progress("starting the vault")
        self._vault_process = self._start("vault", "run", "--vault", str(self.vault_folder), log="vault.log")
        self._wait_until(lambda: _connects(self.web), "the vault's web page", "vault.log")
        self.power_on()
        self._progress("provisioning the appliance over its serial port")
        made.unlock(self._passphrase)
        with Port(str(self.root / "tty")) as device:
            _, public = proven_key(device)
            certify(device, made, DEVICE, public)
            sign_settings(made, self.vault_folder / "settings.toml", DEVICE)
            with Progress(disable=True) as bars:
                push(device, made, DEVICE, bars)

    def _ports_of_vault(self) -> None:
        path = self.vault_folder / "vault.toml"
        text = path.read_text()
        for old, new in (("5571", self.ingest), ("5580", self.web)):
            if f"port = {old}" not in text:
                raise DemoError(f"vault.toml has no port {old} to change")
            text = text.replace(f"port = {old}", f"port = {new}")
        path.write_text(text.replace('host = "0.0.0.0"', 'host = "127.0.0.1"'))

    def _start(self, *words: str, log: str) -> subprocess.Popen[bytes]:
        with open(self.folder / log, "ab") as out:
            return subprocess.Popen(
                [sys.executable, "-m", "testigo_tools.cli", *words], stdout=out, stderr=out, start_new_session=True
            )

    def _wait_until(self, ready: Callable[[], bool], what: str, log: str) -> None:
        end = time.monotonic() + START_S
        while not ready():
            if time.monotonic() > end:
                raise DemoError(f"{what} did not start within {START_S} s: see {self.folder / log}")
            time.sleep(0.1)

    def power_on(self) -> None:
        self._progress("starting the appliance: the firmware on MicroPython")
        self._appliance = self._start("virtual", "run", "--root", str(self.root), log="appliance.log")
        self._wait_until((self.root / "tty").exists, "the virtual appliance", "appliance.log")

    def cut_power(self) -> None:
        """A power cut: SIGKILL, which ends the firmware's process too."""
        if self._appliance:
            self._appliance.kill()
            self._appliance.wait()
            (self.root / "tty").unlink()

    def wait_for_sip(self) -> None:
        """Wait until the appliance answers an OPTIONS request (RFC 3261 section 11)."""
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
            sock.bind(("127.0.0.1", 0))
            sock.settimeout(0.5)
            port = sock.getsockname()[1]

            def answers() -> bool:
                request = (
                    f"OPTIONS sip:127.0.0.1:{self.sip} SIP/2.0\r\n"
                    f"Via: SIP/2.0/UDP 127.0.0.1:{port};branch=z9hG4bK{secrets.token_hex(6)};rport\r\n"
                    f"From: <sip:demo@127.0.0.1>;tag={secrets.token_hex(4)}\r\nTo: <sip:127.0.0.1:{self.sip}>\r\n"
                    f"Call-ID: {secrets.token_hex(8)}\r\nCSeq: 1 OPTIONS\r\nMax-Forwards: 70\r\nContent-Length: 0\r\n\r\n"
                )
                sock.sendto(request.encode(), ("127.0.0.1", self.sip))
                try:
                    return sock.recv(2048).startswith(b"SIP/2.0 200")
                except (TimeoutError, ConnectionError):
                    time.sleep(0.2)
                    return False

            self._wait_until(answers, "the appliance's SIP side", "appliance/log.txt")

    def close(self) -> None:
        for process in (self._appliance, self._vault_process):
            if process and process.poll() is None:
                process.send_signal(signal.SIGTERM)
                try:
                    process.wait(10)
                except subprocess.TimeoutExpired:
                    process.kill()
                    process.wait()

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.web}/"


def _connects(port: int) -> bool:
    with socket.socket() as sock:
        return sock.connect_ex(("127.0.0.1", port)) == 0


def has_display() -> bool:
    """Whether there is a screen to open a browser on."""
    return bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))
