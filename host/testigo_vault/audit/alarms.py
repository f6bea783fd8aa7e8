"""Alarms, which need a person's attention. Each is a line in `alarms.log`, a row in the database and a logged warning."""

import logging
import os
from pathlib import Path

from sqlalchemy import select

from testigo_vault.storage.database import Database
from testigo_vault.storage.models import Alarm
from testigo_vault.timestamps import now_ms, now_text

FILE_NAME = "alarms.log"

QUARANTINE = "quarantine"
UNLAWFUL = "unlawful-audio"
DEVICE = "device-refused"
GAP = "gap"
COPY = "copy"
LOG = "access-log"
POLICY = "policy"
UNRECORDED = "unrecorded"
DOCUMENT = "document-refused"
STORAGE = "storage"

_log = logging.getLogger("testigo.alarm")


class Alarms:
    def __init__(self, folder: Path, database: Database) -> None:
        self._path = folder / FILE_NAME
        self._database = database

    def raise_alarm(self, kind: str, text: str, device_id: str = "", recording_id: str = "") -> None:
        """Write an alarm, to the file first: the database may be what has failed."""
        line = " ".join(f"{now_text()} {kind} device={device_id or '-'} recording={recording_id or '-'} {text}".split())
        with self._path.open("a", encoding="utf-8") as file:
            file.write(line + "\n")
            file.flush()
            os.fsync(file.fileno())
        _log.warning("%s: %s", kind, text)
        with self._database.session() as session:
            session.add(
                Alarm(at_ms=now_ms(), kind=kind, device_id=device_id[:64], recording_id=recording_id, text=text)
            )

    def latest(self, limit: int = 200, recording_id: str = "") -> list[Alarm]:
        query = select(Alarm).order_by(Alarm.id.desc()).limit(limit)
        if recording_id:
            query = query.where(Alarm.recording_id == recording_id)
        with self._database.read() as session:
            return list(session.scalars(query))
