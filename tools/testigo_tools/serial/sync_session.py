"""A sync over the serial port: one session between a device and the vault, shown as progress bars."""

import ssl
from typing import Any

from rich.progress import Progress, TaskID

from testigo_tools.serial.port import Port, PortError
from testigo_tools.serial.vault_bridge import serve
from testigo_tools.terminal import transfer_progress

BEGIN_S = 60


class SessionReport:
    """Shows the events of a session as progress bars, and counts the results."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._tasks: dict[int, TaskID] = {}
        self.stored = 0
        self.refused: list[str] = []

    def __call__(self, event: tuple) -> None:
        name, *values = event
        if name == "offer":
            number, size, offset = values
            if number not in self._tasks:
                self._tasks[number] = self._progress.add_task(f"recording {number}", total=size)
            self._progress.update(self._tasks[number], completed=offset)
        elif name == "data":
            self._progress.update(self._tasks[values[0]], completed=values[1])
        elif name == "stored" and not values[1]:
            self.stored += 1
        elif name in ("stored", "refused"):
            who = "the device does not take the receipt" if name == "stored" else "refused"
            self.refused.append(f"recording {values[0]}: {who}: {values[1]}")
        elif name == "document" and values[0]:
            self.refused.append(f"a document: the device refused it: {values[0]}")


def run_session(device: Port, vault: Any, context: ssl.SSLContext, begin_s: float | None) -> SessionReport:
    """One session of a device with the vault. begin_s: how long the device may take to begin it; None: for ever.

    Raises HungUp, PortError, ssl.SSLError, VaultError, WireError.
    """
    from testigo_vault.ingest.admission import Admission
    from testigo_vault.ingest.device_adapter import DeviceAdapter
    from testigo_vault.timestamps import now_ms

    admission = Admission(vault)
    with transfer_progress() as progress:
        report = SessionReport(progress)
        admit = vault.organisation.devices.admit
        serve(device, context, admit, lambda name: DeviceAdapter(vault, admission, name), now_ms, report, begin_s)
    return report


def hang_up_reason(device: Port, error: Exception) -> str:
    """The error, with the reason that the device gives for it."""
    try:
        return f"{error}; it says: {device.request('diag')['sync'][0]}"
    except PortError:
        return str(error)
