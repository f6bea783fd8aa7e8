"""What the service does by the clock, beside its servers: each task looks at one thing, and raises alarms where it has to.

A task that fails is logged and goes on at its next turn, so that one fault does not end the others.
"""

import asyncio
import logging
import time
from collections.abc import Callable

from sqlalchemy.exc import SQLAlchemyError

from testigo_vault.audit import alarms
from testigo_vault.audit.access_log import Break
from testigo_vault.documents.status import policy_state
from testigo_vault.errors import VaultError
from testigo_vault.ingest.partial import remove_old_parts
from testigo_vault.recordings import scrub
from testigo_vault.recordings.placing import registered_ms
from testigo_vault.timestamps import now_ms
from testigo_vault.vault import Vault

_MINUTE_S = 60
_HOUR_S = 3600
_DAY_MS = 86_400_000

# Of the time, so that scrubbing takes a fifth of one processor and of the disks at most.
_SCRUB_REST = 4
_SCRUB_IDLE_S = 10 * _MINUTE_S
_SCRUB_PAUSE_S = 1

_log = logging.getLogger("testigo.watch")


def start_watching(vault: Vault, log: "LogWatch") -> list[asyncio.Task]:
    """The tasks, which run until they are cancelled."""
    places = PlaceWatch(vault)
    return [
        asyncio.create_task(every(6 * _HOUR_S, PolicyWatch(vault).check)),
        asyncio.create_task(every(24 * _HOUR_S, log.check)),
        asyncio.create_task(every(10 * _MINUTE_S, places.check)),
        asyncio.create_task(every(10 * _MINUTE_S, lambda: check_contacts(vault))),
        asyncio.create_task(every(_HOUR_S, lambda: remove_old_parts(vault.folder / "incoming"))),
        asyncio.create_task(every(_MINUTE_S, lambda: vault.alarms.save_unsaved())),
        asyncio.create_task(scrub_for_ever(vault)),
    ]


class PolicyWatch:
    """An alarm before the policy ends, and another when it has ended: from then on nothing is recorded."""

    def __init__(self, vault: Vault) -> None:
        self._vault = vault
        self._alarmed = ("", 0)

    def check(self) -> None:
        state = policy_state(self._vault.documents, now_ms())
        if state.alarming and (state.kind, state.version) != self._alarmed:
            self._alarmed = (state.kind, state.version)
            self._vault.alarms.raise_alarm(alarms.POLICY, f"Policy version {state.version}: {state.text}")


class LogWatch:
    """An alarm for the first thing that does not hold in the access log, once while it is the first."""

    def __init__(self, vault: Vault) -> None:
        self._vault = vault
        self._alarmed = ""

    def check(self) -> None:
        """From line 1 on."""
        self._alarm(self._vault.log.verify()[2])

    def check_new(self) -> None:
        """The lines after the checkpoint: quick enough for the start of the service."""
        self._alarm(self._vault.log.check().breaks)

    def _alarm(self, breaks: list[Break]) -> None:
        text = ""
        if breaks:
            text = f"The access log does not hold: line {breaks[0].line} {breaks[0].why}. See `testigo log verify`."
        if text and text != self._alarmed:
            self._vault.alarms.raise_alarm(alarms.LOG, text)
        self._alarmed = text


class PlaceWatch:
    """One alarm for a place that is not there, and a line in the log when it is there again."""

    def __init__(self, vault: Vault) -> None:
        self._vault = vault
        self._absent: set[str] = set()

    def check(self) -> None:
        absent = self._vault.store.absent()
        for name in self._absent - set(absent):
            _log.warning("Copy %s is there again.", name)
        for name in set(absent) - self._absent:
            self._vault.alarms.raise_alarm(alarms.COPY, str(absent[name]))
        self._absent = set(absent)


def check_contacts(vault: Vault) -> None:
    """Alarms for appliances that are silent, and for numbers that did not come."""
    devices = vault.organisation.devices
    known = {name: registered_ms(devices, name) for name in devices.names() if not devices.get(name).revoked}
    vault.device_contacts.check(known, now_ms())


async def scrub_for_ever(vault: Vault) -> None:
    """One recording after another, each `checks.every_days` days, with rests."""
    every_ms = vault.config.checks.every_days * _DAY_MS
    while True:
        began = time.monotonic()
        found = await asyncio.to_thread(_scrub_next, vault, every_ms)
        rest_s = _SCRUB_PAUSE_S + _SCRUB_REST * (time.monotonic() - began)
        await asyncio.sleep(rest_s if found else _SCRUB_IDLE_S)


def _scrub_next(vault: Vault, every_ms: int) -> bool:
    """-> whether a recording was due, and was checked."""
    try:
        recording = scrub.next_due(vault, now_ms() - every_ms)
        if recording is None:
            return False
        scrub.scrub(vault, recording)
    except (VaultError, SQLAlchemyError, OSError) as error:
        _log.error("copies are not checked: %s", error)
        return False
    return True


async def every(interval_s: float, work: Callable[[], object]) -> None:
    """Do work that may block, again and again."""
    while True:
        await asyncio.to_thread(_try, work)
        await asyncio.sleep(interval_s)


def _try(work: Callable[[], object]) -> None:
    try:
        work()
    except (VaultError, SQLAlchemyError, OSError) as error:
        _log.error("%s", error)
