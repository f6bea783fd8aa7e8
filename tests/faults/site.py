"""Both real ends of a fault: an organisation with its vault, and the appliance in MicroPython.

One vault takes many appliances, each fault has one with an id of its own; their key is the same, which a vault allows.
"""

import hashlib
import json
import random
import shutil
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from support.ingest import serving
from support.micropython_runner import FIRMWARE, ROOT, command, environment
from support.rig import free_udp_range
from testigo_vault.documents.archive import documents_of
from testigo_vault.documents.signing import sign_policy
from testigo_vault.identity.organisation import Organisation
from testigo_vault.new_vault import create
from testigo_vault.primitives import public_bytes
from testigo_vault.vault import Vault

PASSPHRASE = "words of the organisation"
AUDIO_PASSPHRASE = "words that open audio"
DRIVER = Path(__file__).parent / "device" / "driver.py"
PORTS = 20
HOST = "127.0.0.1"
ANSWER_LIMIT_S = 120
START_MS = 1_790_000_000_000
POLICY = """\
[controller]
name = "Controller"
contact = "contact"
information = "www.example.com/VERSION"
[processing]
retention_days = 30
[[lines]]
name = "main"
mode = "all"
basis = "legitimate-interest"
purposes = ["quality"]
rule = "notify"
object_key = "9"
[[lines.notices]]
language = "en"
notice = "notice"
[[lines.acknowledgements]]
worker = "all"
date = 2026-01-02
text = "1"
"""
DOCUMENTS = ("old", "new")  # versions 1 and 2 of policy and notice


# What the interpreter prints when it collects a file that was open at a power cut. A real power cut leaves no interpreter.
CLOSED_LATE = ("OSError: [Errno 22] EINVAL\n", "OSError: [Errno 5] EIO\n")


class WorkerEnded(Exception):
    """The appliance's process has ended, or does not answer; the text is what it printed."""


class Worker:
    """The process of MicroPython. word: which interpreter; heap: its size; compiled: the firmware as on a chip."""

    def __init__(self, word: str = "micropython", heap: str = "4m", compiled: bool = False) -> None:
        paths = [FIRMWARE]
        if compiled:
            from testigo_tools.firmware.build import build

            march = "x86" if word == "micropython32" else "x64"
            paths = [build(march, ROOT / "build" / f"{march}-full", full_names=True)]
        self.process = subprocess.Popen(
            command(DRIVER, heap=heap, word=word),
            env=environment(paths),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
        )

    def do(self, job: dict[str, Any]) -> dict[str, Any]:
        assert self.process.stdin and self.process.stdout
        said = []
        timer = threading.Timer(ANSWER_LIMIT_S, self.process.kill)
        timer.start()
        try:
            self.process.stdin.write(json.dumps(job) + "\n")
            self.process.stdin.flush()
            for line in self.process.stdout:
                if line.startswith("@"):
                    report = json.loads(line[1:])
                    report["said"] = "".join(said)
                    return report
                if line not in CLOSED_LATE:
                    said.append(line)
        except BrokenPipeError:
            pass
        finally:
            timer.cancel()
        raise WorkerEnded(f"status {self.process.wait()}: {''.join(said)[-4000:]}")

    def close(self) -> None:
        self.process.kill()
        self.process.wait()
        assert self.process.stdin and self.process.stdout
        with suppress(BrokenPipeError):  # a job that was not taken
            self.process.stdin.close()
        self.process.stdout.close()


class Site:
    """An organisation in a folder, and an appliance's process with its templates."""

    def __init__(self, folder: Path, **worker: Any) -> None:
        self.folder = folder
        create(folder, "Test organisation", PASSPHRASE, AUDIO_PASSPHRASE)
        text = (folder / "vault.toml").read_text()
        text = text.replace("port = 5571", "port = 0").replace("port = 5580", "port = 0").replace("0.0.0.0", HOST)
        (folder / "vault.toml").write_text(text)
        self.organisation = Organisation(folder)
        self.organisation.unlock(PASSPHRASE)
        self.port = free_udp_range(PORTS)
        key = ec.generate_private_key(ec.SECP256R1())
        self._public = public_bytes(key.public_key())
        self._key = key.private_bytes(
            serialization.Encoding.DER, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption()
        )
        self._count = 0
        self._options = worker
        self._made: dict[str, Any] = {}
        self._documents: dict[str, list] = {}
        for name in DOCUMENTS:
            self._sign()
            self._documents[name] = self._for_device()
        self.worker: Worker | None = None

    def _sign(self) -> None:
        folder = documents_of(self.organisation)
        path = folder.notice_path("notice")
        version = folder.next_version(path)
        audio = {encoding: random.Random(version).randbytes(1600) for encoding in ("PCMA", "PCMU")}
        entries = [[encoding, hashlib.sha256(data).digest(), len(data)] for encoding, data in sorted(audio.items())]
        notice = self.organisation.operator_sign(
            "notice", version, ["notice", "en", "This call is recorded.", 200, entries]
        )
        folder.save(path, notice, {f"notice.{encoding}": data for encoding, data in audio.items()})
        (self.folder / "policy.toml").write_text(POLICY.replace("VERSION", str(version)))
        sign_policy(self.organisation, self.folder / "policy.toml")

    def _for_device(self) -> list[tuple[str, dict[str, str]]]:
        folder = documents_of(self.organisation)
        blobs = {name: path.read_bytes().hex() for name, path in folder.blobs_for("any")}
        given = []
        for data in folder.documents_for("any"):
            given.append((data.hex(), blobs))
            blobs = {}  # those of the notice, which comes first
        given.append((self._settings().hex(), {}))
        return given

    def _settings(self) -> bytes:
        port = self.port
        sides = [["trunk", HOST, port + at, "", "", "", "main"] for at in (1, 2)]
        sip = [HOST, port, port + 6, port + 17, *sides]
        return self.organisation.operator_sign("settings", 1, [["none"], sip, ["tcp", HOST, self.port + 19], 2])

    def identity(self) -> tuple[str, dict[str, str]]:
        """(id, files) of an appliance that no vault has seen yet."""
        self._count += 1
        device_id = f"fault-{self._count}"
        certificate = self.organisation.issue_device_certificate(self._public, device_id)
        files = {
            "key.der": self._key,
            "cert.der": certificate,
            "ca.der": self.organisation.ca_der,
            "operator.bin": self.organisation.operator_public,
            "device.txt": device_id.encode(),
        }
        return device_id, {name: data.hex() for name, data in files.items()}

    def do(self, job: dict[str, Any]) -> dict[str, Any]:
        """Gives a job to the appliance; a process is started where there is none."""
        if self.worker is None:
            self.worker = Worker(**self._options)
            for name in DOCUMENTS:
                _, identity = self.identity()
                made = self.worker.do(
                    {
                        "make": name,
                        "documents": self._documents[name],
                        "identity": identity,
                        "card": False,
                        "port": self.port,
                        "unix_ms": START_MS,
                    }
                )
                assert not made["ended"] and not made["said"], made
        try:
            return self.worker.do(job)
        except WorkerEnded:
            self.worker.close()
            self.worker = None
            raise

    def close(self) -> None:
        if self.worker:
            self.worker.close()
            self.worker = None


@contextmanager
def site(folder: Path, **worker: Any) -> Iterator[Site]:
    made = Site(folder, **worker)
    try:
        yield made
    finally:
        made.close()
        shutil.rmtree(folder)


__all__ = ["Site", "Vault", "Worker", "serving", "site"]
