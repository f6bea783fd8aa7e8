"""Has a recording checked for lawfulness, with the archive and the records beside its copies, and keeps what was found."""

from sqlalchemy.orm import Session

from testigo_vault.audit import alarms
from testigo_vault.lawfulness.check import check
from testigo_vault.lawfulness.findings import OF_SOUND, SEVERITIES, UNLAWFUL, WITHOUT_AUDIO, LawFinding
from testigo_vault.recordings import rows
from testigo_vault.recordings.erasures import Records, records
from testigo_vault.recordings.reader import Reading
from testigo_vault.storage.models import Recording
from testigo_vault.vault import Vault


def judge(vault: Vault, reading: Reading, path: str = "", beside: Records | None = None) -> None:
    """Sets `reading.law`. path: of its copies, where records may lie; beside: those records, where they are known already.

    Bytes that are not what a device sealed are not checked: no receipt is given for them.
    """
    reading.law = []
    if reading.sealed and reading.seal is not None:
        if beside is None:
            beside = records(vault, path, reading) if path else Records()
        reading.law = check(reading.case(beside.erasures, beside.foreign), vault.archive)
        if beside.erasures and not any(found.code in WITHOUT_AUDIO for found in reading.law):
            # The verifier read the recording without these records, which explain what is gone.
            reading.findings[:] = [found for found in reading.findings if found.code != "erased"]


def keep(vault: Vault, recording: Recording, reading: Reading) -> None:
    """Put the findings of a later check in the place of the earlier ones. What is unlawful now and was not before raises an
    alarm and puts the recording into quarantine.

    Without the audio key the findings that only that key shows stay as they are.
    """
    found = list(reading.law)
    with vault.database.session() as session:
        row = session.get(Recording, recording.id)
        if row is None:
            return
        before = {finding.code for finding in row.findings if finding.severity == UNLAWFUL}
        earlier = [
            finding
            for finding in row.findings
            if finding.code in SEVERITIES and (reading.frames is not None or finding.code not in OF_SOUND)
        ]
        if [_key(one.code, one.item, one.details) for one in earlier] == [
            _key(one.code, -1 if one.item is None else one.item, one.values) for one in found
        ]:
            return
        for finding in earlier:
            row.findings.remove(finding)
        row.findings += [rows.law_row(row.id, one) for one in found]
        new = [one for one in found if one.severity == UNLAWFUL and one.code not in before]
        if new:
            _quarantine(session, row, reading)
    if new:
        vault.alarms.raise_alarm(alarms.UNLAWFUL, alarm_text(recording, new), recording.device_id, recording.id)


def alarm_text(recording: Recording, found: list[LawFinding]) -> str:
    codes = ", ".join(dict.fromkeys(one.code for one in found))
    return f"{recording.device_id} number {recording.number} is unlawful: {codes}."


def _key(code: str, item: int, values: dict) -> tuple:
    return code, item, sorted(values.items())


def _quarantine(session: Session, row: Recording, reading: Reading) -> None:
    """In the index; its copies stay where they are."""
    row.state = rows.QUARANTINED
    row.why = "; ".join(f"{one.code}: {one.text}" for one in reading.unlawful)
    if reading.audio_items:
        row.outcome = rows.UNLAWFUL
    session.flush()
