"""The vault's end of a fault: a true vault, behind a network with faults, killed, or a lying one before the true one."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from faults.lies import LyingVault
from faults.proxy import proxy
from faults.site import Site
from support.ingest import serving
from support.micropython_runner import ROOT
from support.rig import free_tcp_port
from testigo_vault.vault import Vault

PROCESS = Path(__file__).parent / "vault_process.py"


class End:
    """ports: of the vault during the fault, and afterwards. happened(): whether the fault has. counts: of a recorded run."""

    def __init__(self, during: int, after: int) -> None:
        self.ports = during, after
        self.happened = lambda: False
        self.records = [0, 0]
        self.steps = 0


class Vaults:
    """A vault in this process for most faults, and one in a process of its own for those that kill it."""

    def __init__(self, folder: Path, **worker: Any) -> None:
        self.site = Site(folder, **worker)
        self.vault = Vault(folder)
        self._context = serving(self.vault)
        self._port = self._context.__enter__()
        self.key = self.site.organisation.audio_key("words that open audio")

    def close(self) -> None:
        self._context.__exit__(None, None, None)
        self.vault.close()
        self.site.close()

    @contextmanager
    def end(self, what: str, detail: Any, device_id: str) -> Iterator[End]:
        if what == "plain":
            yield End(self._port, self._port)
        elif what == "proxied":
            with proxy(self._port, *(detail or ())) as between:
                made = End(between.port, self._port)
                made.happened = lambda: between.happened
                made.records = between.records
                yield made
        elif what == "lie":
            liar = LyingVault(self.site.organisation, detail, device_id)
            liar.start()
            try:
                made = End(liar.port, self._port)
                made.happened = lambda: liar.happened
                yield made
            finally:
                liar.close()
        else:
            raise ValueError(what)


class KilledVaults:
    """As Vaults, with the ingest in another process."""

    def __init__(self, folder: Path, **worker: Any) -> None:
        self.site = Site(folder, **worker)
        self._port = free_tcp_port()
        text = (folder / "vault.toml").read_text()
        (folder / "vault.toml").write_text(text.replace("port = 0", f"port = {self._port}", 1))
        self.vault = Vault(folder)
        self.key = self.site.organisation.audio_key("words that open audio")
        self._log = (folder / "ingest.log").open("ab")
        self._process = subprocess.Popen(
            [sys.executable, PROCESS, folder],
            env={"PYTHONPATH": ":".join(str(ROOT / part) for part in ("firmware", "host", "tools")), "PATH": ""},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._log,
            text=True,
        )

    def _command(self, *words: Any) -> tuple[int, int]:
        """-> (kills, steps)."""
        assert self._process.stdin and self._process.stdout
        self._process.stdin.write(" ".join(map(str, words)) + "\n")
        self._process.stdin.flush()
        answer = self._process.stdout.readline().split()
        return int(answer[0]), int(answer[1])

    def close(self) -> None:
        assert self._process.stdin and self._process.stdout
        self._process.stdin.close()
        self._process.wait(20)
        self._process.stdout.close()
        self._log.close()
        self.vault.close()
        self.site.close()

    @contextmanager
    def end(self, what: str, detail: Any, device_id: str) -> Iterator[End]:
        how, direction, n = detail
        counted = how != "message"
        self._command("serve", n if counted else -1, how if how.isdigit() else "kill")
        with proxy(self._port, "call" if how == "message" else "", direction, n) as between:
            between.on_record = lambda: self._command("kill") and None
            made = End(between.port, between.port)
            made.happened = lambda: self._command("state")[1] >= n if how.isdigit() else self._command("state")[0] > 0
            yield made
            made.steps = self._command("state")[1]
