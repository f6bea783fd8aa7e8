"""Real ends of a serial line for tests: a virtual appliance, an organisation, and a line that damages bytes."""

import hashlib
import os
import pty
import random
import select
import signal
import subprocess
import sys
import threading
import tty
from contextlib import contextmanager, suppress
from pathlib import Path

from support.micropython_runner import ROOT
from testigo_vault.documents.archive import documents_of
from testigo_vault.documents.signing import sign_policy
from testigo_vault.identity.organisation import Organisation
from testigo_vault.new_vault import create

PASSPHRASE = "words of the organisation"
POLICY = """\
[controller]
name = "Controller"
contact = "contact"
information = "www.example.com"
[processing]
retention_days = 30
[[lines]]
name = "main"
mode = "all"
basis = "legitimate-interest"
purposes = ["quality"]
rule = "opt-out"
object_key = "9"
key_timeout_s = 5
[[lines.notices]]
language = "es"
notice = "aviso"
[[lines.acknowledgements]]
worker = "all"
date = 2026-01-02
text = "1"
"""


def environment(micropython: Path) -> dict[str, str]:
    search = os.pathsep.join(str(ROOT / part) for part in ("firmware", "host", "tools"))
    return {**os.environ, "PYTHONPATH": search, "TESTIGO_MICROPYTHON": str(micropython), "COLUMNS": "200"}


def verb(micropython: Path, *words: object, **options) -> subprocess.CompletedProcess[str]:
    """Runs `testigo` to its end."""
    line = [sys.executable, "-m", "testigo_tools.cli", *map(str, words)]
    return subprocess.run(
        line,
        env=environment(micropython),
        capture_output=True,
        text=True,
        timeout=120,
        cwd=ROOT,
        check=False,
        **options,
    )


@contextmanager
def appliance(micropython: Path, root: Path, *options: str):
    """`testigo virtual run` as a process; gives it once the port is there."""
    line = [sys.executable, "-m", "testigo_tools.cli", "virtual", "run", "--root", str(root), *options]
    process = subprocess.Popen(
        line, env=environment(micropython), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, cwd=ROOT
    )
    try:
        said = process.stdout.readline()
        assert "serial port" in said, said + process.stdout.read()
        yield process
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        process.stdout.close()


def organisation(folder: Path, audio: bytes = bytes(range(256)) * 40) -> Organisation:
    """An organisation with a notice and a policy."""
    made = create(folder, "Test organisation", PASSPHRASE, "words that open audio")
    entry = ["PCMU", hashlib.sha256(audio).digest(), len(audio)]
    notice = made.operator_sign("notice", 1, ["aviso", "es", "Esta llamada se graba.", len(audio) // 8, [entry]])
    documents = documents_of(made)
    documents.save(documents.notice_path("aviso"), notice, {"aviso.PCMU": audio})
    (folder / "policy.toml").write_text(POLICY)
    sign_policy(made, folder / "policy.toml")
    return made


class NoisyLine:
    """A pty that stands before another; of its bytes, one in `one_in` is changed, dropped or doubled, both ways."""

    def __init__(self, target: Path, one_in: int, seed: int) -> None:
        self._random = random.Random(seed)
        self._one_in = one_in
        self._target = os.open(target, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
        tty.setraw(self._target)
        self._master, self._slave = pty.openpty()
        tty.setraw(self._slave)
        os.set_blocking(self._master, False)
        self.url = os.ttyname(self._slave)
        self.carried = 0
        self.damaged = 0
        self._until = self._gap()
        self._stop = False
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def __enter__(self) -> "NoisyLine":
        return self

    def __exit__(self, *_: object) -> None:
        self._stop = True
        self._thread.join(5)
        for fd in (self._target, self._master, self._slave):
            os.close(fd)

    def _gap(self) -> int:
        return self._random.randrange(2 * self._one_in) if self._one_in else 1 << 60

    def _damage(self, data: bytes) -> bytes:
        out = bytearray()
        while self._until < len(data):
            at = self._until
            out += data[:at]
            how = self._random.randrange(3)
            if how == 0:
                out.append(data[at] ^ self._random.randrange(1, 256))
            elif how == 1:
                out += data[at : at + 1] * 2
            data = data[at + 1 :]
            self._until = self._gap()
            self.damaged += 1
        self._until -= len(data)
        return bytes(out + data)

    def _run(self) -> None:
        # EIO: the appliance behind the line is gone, and the line with it.
        with suppress(OSError):
            self._carry()

    def _carry(self) -> None:
        waiting = {self._target: b"", self._master: b""}
        other = {self._target: self._master, self._master: self._target}
        while not self._stop:
            readers = [fd for fd in other if len(waiting[other[fd]]) < 4096]
            readable, writable, _ = select.select(readers, [fd for fd, data in waiting.items() if data], [], 0.05)
            for fd in readable:
                with suppress(BlockingIOError):
                    data = os.read(fd, 1024)
                    self.carried += len(data)
                    waiting[other[fd]] += self._damage(data)
            for fd in writable:
                with suppress(BlockingIOError):
                    waiting[fd] = waiting[fd][os.write(fd, waiting[fd]) :]
