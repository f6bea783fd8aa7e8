"""Repairs the copies of a recording from one that is as it came in.

A copy that differs is renamed, never overwritten, so that it can be looked into; the good bytes then take its name.
"""

import hashlib
from dataclasses import dataclass, field

from testigo_vault.audit import alarms
from testigo_vault.errors import NotFound, StoreError
from testigo_vault.recordings.erasures import spread
from testigo_vault.recordings.rows import RECEIPT
from testigo_vault.recordings.verification import WHOLE
from testigo_vault.storage.copies import Place
from testigo_vault.storage.models import Copy, Recording
from testigo_vault.timestamps import now_ms
from testigo_vault.vault import Vault

KEPT = "kept"


@dataclass
class Repair:
    """What was done to the copies of one recording; both are empty where all were as they came in.

    repaired: names of places; left: {place: why its copy could not be repaired}.
    """

    repaired: list[str] = field(default_factory=list)
    left: dict[str, str] = field(default_factory=dict)


def repair(vault: Vault, recording: Recording, is_new: bool = False) -> Repair:
    """Make every copy as it came in, with an alarm that says which were not. Raises SQLAlchemyError.

    is_new: a place is being filled, or a person does it: without an alarm.
    """
    result = Repair()
    good, wrong = b"", []
    for place in vault.store.places:
        data = _bytes_of(place, recording, result)
        if data is not None and hashlib.sha256(data).hexdigest() == recording.sha256:
            good = data
        else:
            wrong.append((place, data is not None))
    for place, is_there in wrong:
        if not good:
            result.left.setdefault(place.name, "no copy is as it came in")
        elif place.name not in result.left:
            _write(place, recording, good, is_there, result)
    _repair_records(vault, recording, result)
    if result.repaired:
        _save(vault, recording, result.repaired)
    if result.repaired and not is_new:
        names = ", ".join(result.repaired)
        text = (
            f"Copy {names} of {recording.device_id} number {recording.number} was damaged or missing, and was repaired."
        )
        vault.alarms.raise_alarm(alarms.COPY, text, recording.device_id, recording.id)
    return result


def _repair_records(vault: Vault, recording: Recording, result: Repair) -> None:
    """The signed records of what was erased are part of a copy."""
    if result.left:
        return
    for name in spread(vault, recording.path):
        if name not in result.repaired:
            result.repaired.append(name)


def _bytes_of(place: Place, recording: Recording, result: Repair) -> bytes | None:
    """None where the place has no such file, or is not there."""
    try:
        place.check()
        return place.get(recording.path)
    except NotFound:
        return None
    except StoreError as error:
        result.left[place.name] = str(error)
        return None


def _write(place: Place, recording: Recording, good: bytes, is_there: bool, result: Repair) -> None:
    try:
        if is_there:
            place.set_aside(recording.path)
        place.put(recording.path, good)
        result.repaired.append(place.name)
    except (NotFound, StoreError) as error:
        result.left[place.name] = str(error)


def _save(vault: Vault, recording: Recording, names: list[str]) -> None:
    with vault.database.session() as session:
        if session.get(Recording, recording.id) is None:
            return  # indexed anew meanwhile
        for name in names:
            result = WHOLE if recording.answer == RECEIPT else KEPT
            session.merge(Copy(recording_id=recording.id, name=name, checked_ms=now_ms(), result=result))
