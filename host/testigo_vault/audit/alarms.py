"""Alarms, which need a person's attention. Each is a line in `alarms.log`, a row in the database and a logged warning.

The database may be what has failed: an alarm that it does not take is in the file and the log, is shown by the System page
from memory, and is written when the database takes it again.
"""

import collections
import logging
import os
import threading
from pathlib import Path

from sqlalchemy import func, select
from sqlalchemy.exc import SQLAlchemyError

from testigo_vault.errors import StoreError
from testigo_vault.storage.database import Database
from testigo_vault.storage.models import Alarm
from testigo_vault.timestamps import now_ms, now_text

FILE_NAME = "alarms.log"

QUARANTINE = "quarantine"
UNLAWFUL = "unlawful-audio"
DEVICE = "device-refused"
STRANGER = "stranger"
GAP = "gap"
SILENT = "silent"
COPY = "copy"
INDEX = "index"
LOG = "access-log"
POLICY = "policy"
UNRECORDED = "unrecorded"
DOCUMENT = "document-refused"
STORAGE = "storage"

_log = logging.getLogger("testigo.alarm")


class Alarms:
    """`unsaved`: alarms that the database did not take yet, oldest first."""

    MAX_UNSAVED = 200

    def __init__(self, folder: Path, database: Database) -> None:
        self._path = folder / FILE_NAME
        self._database = database
        self._lock = threading.Lock()
        self.unsaved: collections.deque[dict] = collections.deque(maxlen=self.MAX_UNSAVED)

    def raise_alarm(self, kind: str, text: str, device_id: str = "", recording_id: str = "") -> None:
        """Write an alarm, to the file first. Raises StoreError where neither the file nor the database takes it."""
        _log.warning("%s: %s", kind, text)
        in_file = self._append(kind, text, device_id, recording_id)
        values = {
            "at_ms": now_ms(),
            "kind": kind,
            "device_id": device_id[:64],
            "recording_id": recording_id,
            "text": text,
        }
        with self._lock:
            self.unsaved.append(values)
        if not self.save_unsaved() and not in_file:
            raise StoreError("An alarm can be written neither to the file nor to the index.", "Free space on the disk.")

    def save_unsaved(self) -> bool:
        """Write what the database did not take before; -> whether it took all."""
        with self._lock:
            if not self.unsaved:
                return True
            try:
                with self._database.session() as session:
                    session.add_all(Alarm(**values) for values in self.unsaved)
            except SQLAlchemyError as error:
                _log.error("The index takes no alarm: %s", error.args[0] if error.args else error)
                return False
            self.unsaved.clear()
            return True

    def latest(self, limit: int = 200, recording_id: str = "", per_kind: int = 0) -> list[Alarm]:
        """Newest first. per_kind: at most so many of each kind, so that many of one kind do not push out the others."""
        query = select(Alarm)
        if per_kind:
            rank = func.row_number().over(partition_by=Alarm.kind, order_by=Alarm.id.desc())
            ranked = select(Alarm.id, rank.label("rank")).subquery()
            query = query.join(ranked, ranked.c.id == Alarm.id).where(ranked.c.rank <= per_kind)
        if recording_id:
            query = query.where(Alarm.recording_id == recording_id)
        with self._lock:
            unsaved = [Alarm(**one) for one in self.unsaved if recording_id in ("", one["recording_id"])]
        with self._database.read() as session:
            saved = list(session.scalars(query.order_by(Alarm.id.desc()).limit(limit)))
        return [*reversed(unsaved), *saved][:limit]

    def said(self, kind: str, beginning: str, since_ms: int = 0) -> bool:
        """Whether there is an alarm of this kind that begins so, since a time."""
        with self._lock:
            if any(
                one["kind"] == kind and one["at_ms"] >= since_ms and one["text"].startswith(beginning)
                for one in self.unsaved
            ):
                return True
        query = select(Alarm.id).where(
            Alarm.kind == kind, Alarm.at_ms >= since_ms, Alarm.text.startswith(beginning, autoescape=True)
        )
        with self._database.read() as session:
            return session.scalars(query.limit(1)).first() is not None

    def _append(self, kind: str, text: str, device_id: str, recording_id: str) -> bool:
        line = " ".join(f"{now_text()} {kind} device={device_id or '-'} recording={recording_id or '-'} {text}".split())
        try:
            with self._path.open("a", encoding="utf-8") as file:
                file.write(line + "\n")
                file.flush()
                os.fsync(file.fileno())
        except OSError as error:
            _log.error("%s takes no alarm: %s", self._path, error.strerror)
            return False
        return True
