"""A vault's ingest in a process that can be killed; and a clean process that starts it quickly, again and again.

    python vault_process.py FOLDER

Commands on stdin: `serve N WHAT` starts the ingest; at the N-th step of its storage (0: never, -1: nothing is counted) it kills
itself, or WHAT is the errno of that step, and of no other. `kill` kills it; `state` does nothing. The answer: how often it was
killed since `serve`, and the steps that were done. An ingest that was killed is started again at once, on the same port.
"""

import asyncio
import os
import select
import signal
import sys
from pathlib import Path

from sqlalchemy import event

from testigo_vault.ingest.server import IngestServer
from testigo_vault.vault import Vault

EVERY_MS = 20
STEPS = ("open", "os.rename", "os.remove", "os.truncate", "os.mkdir", "os.link")


class Steps:
    """Something at the n-th step of the storage: opening, writing, syncing, renaming or removing a file, a commit.

    what: "kill" ends the process, else the number of an error that the step raises.
    """

    def __init__(self, folder: Path, n: int, what: str, counter: int) -> None:
        self._folder = str(folder)
        self._what = what
        self._n = n
        self._counter = counter
        self.count = 0

    def install(self, vault: Vault) -> None:
        sys.addaudithook(self._audit)
        for name in ("pwrite", "fsync", "write"):
            setattr(os, name, self._counted(getattr(os, name)))
        event.listen(vault.database.engine, "commit", lambda connection: self.step())

    def _audit(self, name: str, arguments: tuple) -> None:
        if name in STEPS and any(isinstance(a, str | Path) and str(a).startswith(self._folder) for a in arguments):
            self.step()

    def _counted(self, function):
        def call(*arguments, **more):
            self.step()
            return function(*arguments, **more)

        return call

    def step(self) -> None:
        self.count += 1
        os.pwritev(self._counter, [b"%10d" % self.count], 0)
        if self.count == self._n:
            if self._what == "kill":
                os.kill(os.getpid(), signal.SIGKILL)
            raise OSError(int(self._what), os.strerror(int(self._what)))


def serve(folder: Path, n: int, what: str, ready: int, counter: int) -> None:
    """The child's whole life."""

    async def run() -> None:
        vault = Vault(folder)
        ingest = IngestServer(vault)
        await ingest.start()
        if n >= 0:
            Steps(folder, n, what, counter).install(vault)
        os.writev(ready, [b"1"])
        await asyncio.Event().wait()

    asyncio.run(run())


def start(folder: Path, n: int, what: str, counter: int) -> int:
    """-> the process id of the child, which serves by now."""
    reader, writer = os.pipe()
    child = os.fork()
    if not child:
        os.close(reader)
        try:
            serve(folder, n, what, writer, counter)
        finally:
            os._exit(1)
    os.close(writer)
    started = os.read(reader, 1)
    os.close(reader)
    if not started:
        raise RuntimeError("the vault did not start")
    return child


class Keeper:
    """The clean process: has one child that serves, and starts another when that was killed."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._counter = os.open(folder / "steps", os.O_RDWR | os.O_CREAT)
        self._child = 0
        self.kills = 0

    def serve(self, n: int, what: str) -> None:
        """n, what: as of Steps; -1: count nothing."""
        child, self._child = self._child, 0
        if child:
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)
        self.kills = 0
        os.pwrite(self._counter, b"%10d" % 0, 0)
        self._child = start(self._folder, n, what, self._counter)

    def restart(self) -> None:
        """Call it now and then: a child that is gone was killed by its own step, or by `kill`."""
        if self._child and os.waitpid(self._child, os.WNOHANG)[0]:
            self.kills += 1
            self._child = start(self._folder, -1, "kill", self._counter)

    def kill(self) -> None:
        os.kill(self._child, signal.SIGKILL)

    @property
    def steps(self) -> int:
        return int(os.pread(self._counter, 10, 0) or 0)


def main() -> None:
    keeper = Keeper(Path(sys.argv[1]))
    commands = select.poll()
    commands.register(sys.stdin, select.POLLIN)
    while True:
        if not commands.poll(EVERY_MS):
            keeper.restart()
            continue
        words = sys.stdin.readline().split()
        if not words:
            keeper.kill()
            return
        if words[0] == "serve":
            keeper.serve(int(words[1]), words[2])
        elif words[0] == "kill":
            keeper.kill()
        print(keeper.kills, keeper.steps, flush=True)


if __name__ == "__main__":
    main()
