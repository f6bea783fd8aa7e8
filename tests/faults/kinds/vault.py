"""The vault does what it must not: it is killed, its storage fails, or it lies."""

import errno
from collections.abc import Iterator
from typing import ClassVar

from faults.fault import SYNCS, Fault, Places
from faults.lies import LIES


class Lie:
    NAME = "lie"
    TITLE = "The vault lies: forged receipts, wrong offsets, endless messages, documents of another signer, times of another age"
    EXPECTED = "The appliance deletes nothing and puts nothing into force; a true vault gets everything afterwards"

    def names(self, places: Places) -> Iterator[str]:
        for scenario in SYNCS:
            for lie in LIES:
                yield f"{self.NAME}/{scenario}/{lie}"

    def fault(self, parts: list[str]) -> Fault:
        scenario, lie = parts
        return Fault("/".join((self.NAME, *parts)), scenario, vault=("lie", lie))


class VaultStorage:
    NAME = "vault-storage"
    TITLE = "A step of the vault's storage fails (ENOSPC, EIO): opening, writing, syncing, renaming a file, a commit"
    EXPECTED = "No receipt is given for what is not stored in every place; the next session delivers it"
    ERRORS: ClassVar = {"enospc": errno.ENOSPC, "eio": errno.EIO}

    def names(self, places: Places) -> Iterator[str]:
        for n in range(1, places.vault_steps() + 1):
            for error in self.ERRORS:
                yield f"{self.NAME}/{error}/sync/{n}"

    def fault(self, parts: list[str]) -> Fault:
        error, scenario, n = parts
        killed = (str(self.ERRORS[error]), 0, int(n))
        return Fault("/".join((self.NAME, *parts)), scenario, vault=("killed", killed))


class KillVault:
    NAME = "kill-vault"
    TITLE = "The vault's process is killed (SIGKILL) at each message, and at each step of its storage"
    EXPECTED = "No receipt was given for what is not stored; the next session delivers the rest"

    def names(self, places: Places) -> Iterator[str]:
        for scenario in SYNCS:
            for direction in (0, 1):
                for n in range(1, places.messages(scenario, direction) + 1):
                    yield f"{self.NAME}/message/{scenario}/{direction}/{n}"
        for n in range(1, places.vault_steps() + 1):
            yield f"{self.NAME}/step/sync/0/{n}"

    def fault(self, parts: list[str]) -> Fault:
        what, scenario, direction, n = parts
        return Fault("/".join((self.NAME, *parts)), scenario, vault=("killed", (what, int(direction), int(n))))
