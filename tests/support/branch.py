"""A branch office under test: appliance, vault, captures of the traffic to both sides, and what a test does with them."""

import hashlib
import random
import time
import wave
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import serial
from rich.progress import Progress

from support.rig import FAR, HOST, NEAR, PASSPHRASE, VaultProcess, free_udp_range, wait_for
from support.sip.baresip import Baresip
from support.sip.sipp import Scenario
from support.sip.sipp_process import Sipp
from support.sip.traffic_capture import TrafficCapture
from testigo_tools.serial.port import Port
from testigo_tools.serial.provisioning import certify, proven_key, push
from testigo_vault import g711
from testigo_vault.storage.models import Recording

DEVICE = "branch-1"
RTP_PORTS = 16
NOTICE_MS = 400
LINE: dict[str, Any] = {
    "name": "main",
    "direction": "both",
    "mode": "all",
    "basis": "consent",
    "purposes": ["proof"],
    "rule": "opt-in",
    "accept_key": "1",
    "object_key": "9",
    "objection": "connect",
    "order": "notice-first",
    "notice_legs": "far",
    "voices": [["en", "welcome", "", []]],
    "key_timeout_ms": 1000,
    "repeats": 0,
    "worker": "acknowledgement",
    "worker_reference": "worker-1 2026-01-10",
    "tone": [],
    "keys": ["", "", "", ""],
    "pause_limit_ms": 0,
    "schedule": [],
    "only": [],
    "except": [],
    "impossible": "connect-unrecorded",
    "max_ms": 0,
    "unrecorded_numbers": "full",
    "high_level": False,
}


def sound(seed: int, ms: int) -> bytes:
    """G.711 bytes of which no two stretches are alike."""
    return random.Random(seed).randbytes(ms * 8)


class Branch:
    """port: the appliance's serial port, given by pytest-embedded for each test. folder: for what the tests write here."""

    def __init__(self, folder: Path, vault: VaultProcess, device_id: str = DEVICE, host: str = HOST) -> None:
        self.folder = folder
        self.vault = vault
        self.device_id = device_id
        self.host = host
        self.organisation = vault.organisation
        self.documents = vault.documents
        self.first_port = free_udp_range(RTP_PORTS + 4)
        self.sip = (host, self.first_port)
        self.near = TrafficCapture(host, self.sip, self.first_port + 1)
        self.far = TrafficCapture(host, self.sip, self.first_port + 2)
        self.captures = (self.near, self.far)
        self.network: list = ["none"]
        self.bind_host = host
        self._listening = False
        self.port: Port | None = None
        self.first_number = 1
        self.speech = (sound(100, 5000), sound(200, 5000))
        self._ends: list[Sipp | Baresip] = []
        self.notice_audio = {"PCMU": sound(1, NOTICE_MS), "PCMA": sound(2, NOTICE_MS)}

    # Documents

    def _sign(self, path: Path, kind: str, body: list, blobs: dict[str, bytes] | None = None) -> None:
        documents = self.documents
        version = documents.next_version(path)
        documents.save(path, self.organisation.operator_sign(kind, version, body), blobs)

    def sign_notice(self, name: str = "welcome", audio: dict[str, bytes] | None = None) -> None:
        audio = audio or self.notice_audio
        self.recognise_notices(audio.values())
        total_ms = len(audio["PCMU"]) // 8
        entries = [[encoding, hashlib.sha256(data).digest(), len(data)] for encoding, data in audio.items()]
        body = [name, "en", "This call is recorded.", total_ms, entries]
        blobs = {f"{name}.{encoding}": data for encoding, data in audio.items()}
        self._sign(self.documents.notice_path(name), "notice", body, blobs)

    def recognise_notices(self, audio: Iterable[bytes]) -> None:
        """The captures recognise the ends of these notices."""
        for capture in self.captures:
            capture.notice_ends.update(data[-160:] for data in audio)

    def sign_policy(self, valid_from: int = 0, valid_until: int = 0, offsets: list | None = None, **line: Any) -> None:
        """LINE with changes."""
        fields = list({**LINE, **line}.values())
        assert len(fields) == len(LINE), "no such field of a line"
        body = [valid_from, valid_until, "Controller", "contact", "example.net", bytes(32), ["34", "", "00"]]
        body.append(offsets or [])
        body += [self.organisation.recipients(), [fields]]
        self._sign(self.documents.policy_path(), "policy", body)

    def sign_settings(
        self, near: list | None = None, far: list | None = None, max_calls: int = 2, sync: list | None = None
    ) -> None:
        """near, far, sync: as in the settings document; by default trunks at the other ends of the captures, and TCP."""
        sides = [
            side or ["trunk", capture.front[0], capture.front[1], "", "", "", "main"]
            for side, capture in zip((near, far), self.captures, strict=True)
        ]
        first = self.first_port + 4
        sip = [self.bind_host, self.sip[1], first, first + RTP_PORTS - 1, *sides]
        body = [self.network, sip, sync or ["tcp", self.host, self.vault.ingest_port], max_calls]
        self._sign(self.documents.settings_path(self.device_id), "settings", body)

    # The appliance, over its serial port

    def connect(self, opened: serial.SerialBase | str | Path) -> None:
        self.port = Port(opened if isinstance(opened, serial.SerialBase) else str(opened))

    def disconnect(self) -> None:
        if self.port:
            self.port.close()
        self.port = None

    def certify(self) -> None:
        """Give the appliance its identity, if it has none."""
        assert self.port
        present, public = proven_key(self.port)
        if not present:
            self.organisation.unlock(PASSPHRASE)
            certify(self.port, self.organisation, self.device_id, public)

    def provision(self) -> None:
        """Give the appliance what it lacks: its identity the first time, documents that are newer than its own."""
        self.certify()
        with Progress(disable=True) as progress:
            push(self.port, self.organisation, self.device_id, progress)

    def diagnose(self) -> dict[str, Any]:
        assert self.port
        return self.port.diagnose()

    def policy(self, valid_from: int = 0, valid_until: int = 0, offsets: list | None = None, **line: Any) -> None:
        """The appliance has this policy from now on."""
        self.sign_policy(valid_from, valid_until, offsets, **line)
        self.provision()

    def ready(self) -> None:
        """SIP is served, no call is up, and the next recording is the first of this test."""
        wait_for(lambda: self.diagnose()["calls"] == 0, 10, "calls to end")
        self.wait_for_sip()
        self.first_number = self.diagnose()["recordings"][2]

    def log(self, lines: int = 60) -> list[str]:
        assert self.port
        return self.port.request("log", lines)

    def wait_for_sip(self) -> None:
        """SIP is served as the newest settings say. Where, `diag` says: a board has an address of its own."""

        def listens() -> list:
            facts = self.diagnose()
            in_force, newest, why = facts["settings"]
            return facts["sip"] if in_force == newest and not why else []

        if not self._listening:
            host, port = wait_for(listens, 30, "SIP")
            self.sip = self.near.appliance = self.far.appliance = (host, port)
            self._listening = True

    def settings(self, **changes: Any) -> None:
        """The appliance has these settings from now on."""
        self.sign_settings(**changes)
        self._listening = False
        self.provision()
        self.wait_for_sip()

    # Ends

    def caller(self, scenario: Scenario, side: int = FAR, calls: int = 1) -> Sipp:
        return self.end(scenario, side, self.captures[side].back, calls)

    def worker(self, scenario: Scenario, side: int = NEAR, calls: int = 1) -> Sipp:
        end = self.end(scenario, side, None, calls)
        self.captures[side].callee = end.address
        return end

    def end(
        self,
        scenario: Scenario,
        side: int,
        target=None,
        calls: int = 1,
        port: int = 0,
        speech: bytes = b"",
        at_once: int = 0,
    ) -> Sipp:
        """A sipp that talks as that side does; past the capture where the target is the appliance itself."""
        name = f"{len(self._ends)}-{time.monotonic_ns()}"
        folder = self.folder / "ends" / name
        end = Sipp(folder, self.host, scenario, speech or self.speech[side], target, calls, port, at_once)
        self._ends.append(end)
        for capture in self.captures:
            capture.waiting[end.address] = scenario.notices * calls
        return end

    def phone(self, side: int, account: str = "", encoding: str = "PCMU") -> Baresip:
        """A baresip on that side. It talks the side's speech as a WAV of `encoding`'s own samples."""
        folder = self.folder / "ends" / f"{len(self._ends)}-{time.monotonic_ns()}"
        audio = self.folder / f"{side}.{encoding}.wav"
        if not audio.exists():
            with wave.open(str(audio), "wb") as file:
                file.setparams((1, 2, 8000, 0, "NONE", ""))
                file.writeframes(g711.decode(encoding, self.speech[side]))
        end = Baresip(folder, self.host, audio, account, encoding)
        self._ends.append(end)
        self.captures[side].callee = end.address
        return end

    def call(self, caller: Scenario, worker: Scenario | None = None) -> None:
        """An inbound call from its beginning to its end, as both ends expect it."""
        ends = [self.worker(worker)] if worker else []
        ends.append(self.caller(caller))
        for end in reversed(ends):
            end.succeeded()

    def reset(self) -> None:
        for end in self._ends:
            end.kill()
        self._ends.clear()
        for capture in self.captures:
            capture.reset()

    def close(self) -> None:
        self.reset()
        for capture in self.captures:
            capture.close()

    # Recordings

    def recording(self, index: int = 0, limit_s: float = 20) -> Recording:
        """The test's first, second... recording, once it is in the vault and all is well with it."""
        number = self.first_number + index
        found = wait_for(lambda: self.vault.find(self.device_id, number), limit_s, f"recording {number} in the vault")
        assert found.state == "good", found.why
        assert [finding.text for finding in found.findings] == []
        return found


def events(recording: Recording, name: str) -> list[list]:
    """Fields of the events of that name."""
    return [event.fields for event in recording.events if event.name == name]


def names(recording: Recording) -> list[str]:
    return [event.name for event in recording.events]
