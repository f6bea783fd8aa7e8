"""Vaults and appliances on which the messages that the pages quote are brought about."""

import os
import pty
import re
import socket
import threading
import tty
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
from typer.testing import CliRunner

from support.guide.messages import said
from support.guide.scene import ANSWERS, on_loopback, signed_vault
from support.rig import Appliance, wait_for
from testigo_tools.cli import assemble
from testigo_tools.serial.port import Port
from testigo_vault.new_vault import create

SIDES = """[sip.near]
mode = "registrar"
user = "101"
password = "of the telephone"
line = "main"
[sip.far]
mode = "register"
host = "127.0.0.1"
port = {pbx}
user = "branch"
password = "wrong"
"""


class Stage:
    """Vaults and appliances that the causes share; each is made when it is first wanted."""

    def __init__(self, folder: Path, micropython: Path) -> None:
        self.folder = folder
        self._micropython = micropython
        self._made: dict[str, object] = {}

    def testigo(self, *words: object) -> str:
        """What the command prints; it fails, as the message says."""
        done = CliRunner().invoke(assemble(str(words[0])), [str(word) for word in words])
        assert done.exit_code == 1, done.output
        return done.output

    def done(self, *words: object) -> None:
        done = CliRunner().invoke(assemble(str(words[0])), [str(word) for word in words])
        assert done.exit_code == 0, done.output

    def _once(self, name: str, make):
        if name not in self._made:
            self._made[name] = make()
        return self._made[name]

    def vault(self, name: str = "vault") -> Path:
        """A vault with a signed policy; its appliances look for a vault that is not there, and for a PBX that refuses,
        and no telephone registers with them."""

        def make() -> Path:
            folder = self.folder / name
            signed_vault(folder)
            text = (folder / "settings.toml").read_text()
            sides = SIDES.format(pbx=self.pbx())
            (folder / "settings.toml").write_text(text[: text.index("[sip.near]")] + sides)
            return folder

        return self._once(name, make)

    def sip(self) -> int:
        """The port of SIP of an appliance with the settings of `vault`."""
        found = re.search(r"sip_port = (\d+)", (self.vault() / "settings.toml").read_text())
        assert found
        return int(found[1])

    def pbx(self) -> int:
        """The port of a PBX that takes no password."""
        return self._once("pbx", lambda: RefusingPbx()).port

    def device(self, name: str) -> Path:
        """The port of an appliance; `new` has no identity, `keyed` no policy, `branch-7` has all."""

        def make() -> Appliance:
            started = Appliance(self.folder / f"device-{name}", self._micropython)
            started.start()
            if name == "keyed":
                folder = self.folder / "keyed"
                create(folder, "Example Ltd", ANSWERS["organisation"], ANSWERS["audio"])
                settings = (folder / "settings.toml").read_text().replace('kind = "tcp"', 'kind = "serial"')
                (folder / "settings.toml").write_text(on_loopback(settings, 0))
                self.done("provision", "--port", started.port, "--vault", folder, "--device-id", "branch-9")
            elif name != "new":
                self.done("provision", "--port", started.port, "--vault", self.vault(), "--device-id", name)
            return started

        return self._once(f"device {name}", make).port

    def log(self, name: str, wanted: str) -> str:
        """The log of an appliance, once it has the line."""
        port = self.device(name)

        def lines() -> str:
            with Port(str(port)) as opened:
                text = "\n".join(opened.request("log", 60))
            return text if said(wanted, text) else ""

        return wait_for(lines, 120, wanted)

    def close(self) -> None:
        for made in self._made.values():
            if isinstance(made, Appliance):
                made.stop()
            elif isinstance(made, RefusingPbx):
                made.close()


class RefusingPbx:
    """Answers every REGISTER with 401 (RFC 3261 section 22.2)."""

    def __init__(self) -> None:
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind(("127.0.0.1", 0))
        self.port = self._socket.getsockname()[1]
        threading.Thread(target=self._run, daemon=True).start()

    def _run(self) -> None:
        with suppress(OSError):
            while True:
                data, source = self._socket.recvfrom(4096)
                kept = (b"via:", b"from:", b"to:", b"call-id:", b"cseq:")
                lines = [line for line in data.split(b"\r\n") if line.lower().startswith(kept)]
                challenge = b'WWW-Authenticate: Digest realm="pbx", algorithm=MD5, nonce="f84f1cec41e6", qop="auth"'
                answer = [b"SIP/2.0 401 Unauthorized", *lines, challenge, b"Content-Length: 0", b"", b""]
                self._socket.sendto(b"\r\n".join(answer), source)

    def close(self) -> None:
        self._socket.close()


@contextmanager
def silent_port():
    """A port with nothing behind it. -> (its name, the other end)."""
    ours, theirs = pty.openpty()
    tty.setraw(theirs)
    try:
        yield os.ttyname(theirs), ours
    finally:
        os.close(ours)
        os.close(theirs)


@contextmanager
def on_stage(folder: Path, micropython: Path) -> Iterator[Stage]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TESTIGO_PASSPHRASE", ANSWERS["organisation"])
        patch.setenv("TESTIGO_AUDIO_PASSPHRASE", ANSWERS["audio"])
        patch.setenv("TESTIGO_MICROPYTHON", str(micropython))
        patch.delenv("TESTIGO_VAULT", raising=False)
        made = Stage(folder, micropython)
        try:
            yield made
        finally:
            made.close()
