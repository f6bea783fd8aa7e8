"""What a page of the access log costs with 1,000,000 lines, against the same page with 1,000: a ratio of 1 does not grow.

The page's own work on the log: write the line of this access, check from the checkpoint on, find the latest 300 lines, and
those of a user and of a recording. The whole check, which reads every line, is compared with `sha256sum` of the same file.
"""

import hashlib
import json
import subprocess
import tempfile
import time
from pathlib import Path

from report import Row

from testigo_vault.audit.access_log import GRANTED
from testigo_vault.audit.log_file import GENESIS, line_of
from testigo_vault.audit.log_file import Entry as LogEntry
from testigo_vault.audit.log_lines import Search
from testigo_vault.new_vault import create
from testigo_vault.storage.models import LogAnchor
from testigo_vault.vault import Vault

FEW, MANY = 1_000, 1_000_000
ROUNDS = 40


def _fill(vault: Vault, count: int) -> None:
    """A log of `count` lines of 3,000 users and 20,000 recordings, as if the program had written them."""
    previous = GENESIS
    with vault.log.path.open("wb") as file:
        for n in range(1, count + 1):
            recording = hashlib.sha256(str(n % 20_000).encode()).hexdigest()[:32]
            entry = LogEntry(n, "2026-11-23T09:30:00.125Z", f"user{n % 3000}", recording, "view", GRANTED, "")
            previous, line = line_of(entry, previous)
            file.write(line)
    with vault.database.session() as session:
        session.merge(LogAnchor(id=1, line=count, digest=previous))


def _page(vault: Vault, recording: str) -> None:
    vault.log.append("auditor", "read-log", GRANTED)
    checked = vault.log.check()
    if checked.breaks or len(vault.log.latest(Search(limit=300)).entries) != 300:
        raise RuntimeError(f"the log does not hold: {checked.breaks}")
    vault.log.latest(Search(user="user7", outcome=GRANTED, limit=300))
    vault.log.latest(Search(recording=recording, limit=51))


def _measure(count: int, folder: Path) -> tuple[float, float, float]:
    """(seconds of a page, of the whole check, of sha256sum)"""
    create(folder, "Bench", "a passphrase", "another one", lambda text: None)
    vault = Vault(folder)
    _fill(vault, count)
    vault.log.verify()  # as the service at its start: it makes the table of lines and the checkpoint
    began = time.monotonic()
    if vault.log.verify()[2]:
        raise RuntimeError("the log does not hold")
    whole_s = time.monotonic() - began
    recording = json.loads(vault.log.path.open("rb").readline()[65:])["recording"]
    times = []
    for _ in range(ROUNDS):
        began = time.monotonic()
        _page(vault, recording)
        times.append(time.monotonic() - began)
    began = time.monotonic()
    subprocess.run(["sha256sum", vault.log.path], check=True, stdout=subprocess.DEVNULL)
    hashed_s = time.monotonic() - began
    vault.close()
    return sorted(times)[ROUNDS // 2], whole_s, hashed_s


def measure(short: bool = False) -> list[Row]:
    many = MANY // 50 if short else MANY
    with tempfile.TemporaryDirectory(prefix="testigo-bench-") as name:
        few_s, _, _ = _measure(FEW, Path(name) / "few")
        many_s, whole_s, hashed_s = _measure(many, Path(name) / "many")
    return [
        Row(f"a page of {many:,} lines, against {FEW:,}", many_s * 1000, "ms", few_s * 1000, "2 or less"),
        Row(f"the whole check of {many:,} lines, against sha256sum", whole_s, "s", hashed_s, ""),
    ]
