"""How fast the vault verifies and stores what came in, against `sha256sum` and `cp` of the same files.

Both write through to the disk: the vault because a receipt lets the appliance delete its copy, `cp` by `sync`.
"""

import subprocess
import tempfile
import time
from pathlib import Path

from report import Row

from support.fake_appliance import Appliance, Made, speech
from testigo_vault.ingest.admission import Admission
from testigo_vault.new_vault import create
from testigo_vault.recordings.indexing import Offer
from testigo_vault.vault import Vault

MINUTES = 5  # of one recording
PER_FRAME = 24  # packets: 240 ms of both legs, as the appliance seals them
RECORDINGS = 6
MEGABYTE = 1_000_000


def _reference(files: list[Path], folder: Path) -> float:
    places = [folder / "one", folder / "two"]
    for place in places:
        place.mkdir()
    began = time.monotonic()
    for path in files:
        subprocess.run(["sha256sum", path], check=True, stdout=subprocess.DEVNULL)
        for place in places:
            subprocess.run(["cp", path, place], check=True)
            subprocess.run(["sync", place / path.name], check=True)
    return time.monotonic() - began


def _take(admission: Admission, recording: Made) -> None:
    offer = Offer("branch-1", recording.number, recording.recording_id, len(recording.data), recording.head)
    outcome = admission.admit(offer, recording.data)
    if outcome.state != "good":
        raise RuntimeError(f"recording {recording.number} was not taken: {outcome.reason}")


def measure(short: bool = False) -> list[Row]:
    minutes = MINUTES / 10 if short else MINUTES
    with tempfile.TemporaryDirectory(prefix="testigo-bench-") as name:
        folder = Path(name)
        made = create(folder / "vault", "Bench", "a passphrase", "another one", lambda text: None)
        vault = Vault(folder / "vault")
        made.unlock("a passphrase")
        vault.organisation.unlock("a passphrase")
        device = Appliance(vault.organisation, "branch-1", folder)
        first = device.record(packets=speech(1))
        recordings = [
            device.record(packets=speech(int(minutes * 60), seed=i), per_frame=PER_FRAME) for i in range(RECORDINGS)
        ]
        size = sum(len(recording.data) for recording in recordings) / MEGABYTE
        files = []
        for recording in recordings:
            path = folder / f"{recording.number}.tsg"
            path.write_bytes(recording.data)
            files.append(path)
        plain_s = _reference(files, folder)
        admission = Admission(vault)
        _take(admission, first)  # a service opens its keys once, at its start
        began = time.monotonic()
        for recording in recordings:
            _take(admission, recording)
        vault_s = time.monotonic() - began
        vault.close()
    return [
        Row("verified, stored twice, indexed", size / vault_s, "MB/s", size / plain_s, "0.5 or better"),
    ]
