"""Unlocked audio keys and opened calls, in memory only, each for one browser session and for a limited time.

An authorised person types the audio passphrase once; the key then stays with that session until its time is up, the
person locks it, or signs out. Opening a call decrypts it into memory; at most one call is open per session.
"""

import threading
import time
from dataclasses import dataclass

from testigo_vault.audit.access_log import DENIED, GRANTED
from testigo_vault.errors import KeyLocked, Refused, VaultError
from testigo_vault.identity.keys import StreamKeyOpener
from testigo_vault.identity.users import Identity
from testigo_vault.playback.decrypt import open_audio
from testigo_vault.playback.timeline import Timeline
from testigo_vault.recordings.search import QUARANTINED
from testigo_vault.storage.models import Recording
from testigo_vault.vault import Vault

# Wrong audio passphrases of one person in a row before a pause.
FAILURES_ALLOWED = 5
PAUSE_MS = 15 * 60_000


@dataclass
class _Seat:
    key: StreamKeyOpener
    ends_ms: int
    recording_id: str = ""
    timeline: Timeline | None = None


@dataclass
class _Failures:
    count: int = 0
    until_ms: int = 0


class ListeningRoom:
    """Called from the web's worker threads; a lock guards the table, not the work."""

    def __init__(self, vault: Vault) -> None:
        self._vault = vault
        self._seats: dict[str, _Seat] = {}
        self._failures: dict[str, _Failures] = {}
        self._lock = threading.Lock()

    def unlock(self, identity: Identity, passphrase: str) -> None:
        """Raises KeyLocked for a wrong passphrase; both outcomes are logged."""
        log, user = self._vault.log, identity.name
        with self._lock:
            # Counted before the passphrase is tried, so that attempts made at once count each.
            failures = self._failures.setdefault(user, _Failures())
            paused = failures.until_ms > _now()
            if not paused:
                failures.count += 1
                if failures.count >= FAILURES_ALLOWED:
                    failures.count, failures.until_ms = 0, _now() + PAUSE_MS
        if paused:
            log.append(user, "unlock-audio", DENIED, detail="too many wrong passphrases")
            raise KeyLocked("Too many wrong audio passphrases.", f"Wait {PAUSE_MS // 60_000} minutes.")
        try:
            key = self._vault.organisation.audio_key(passphrase)
        except KeyLocked:
            log.append(user, "unlock-audio", DENIED, detail="wrong passphrase")
            raise KeyLocked("The audio passphrase is wrong; the attempt was logged.", "Try again.") from None
        log.append(user, "unlock-audio", GRANTED, detail=f"for {self._vault.config.unlock_minutes} minutes")
        length_ms = self._vault.config.unlock_minutes * 60_000
        with self._lock:
            failures.count = failures.until_ms = 0
            self._seats[identity.session] = _Seat(key, _now() + length_ms)
        # Forgotten on time although nobody asks for a page any more.
        forgetting = threading.Timer(length_ms / 1000 + 0.01, self.sweep)
        forgetting.daemon = True
        forgetting.start()

    def lock(self, session: str) -> None:
        with self._lock:
            self._seats.pop(session, None)

    def unlocked_until(self, session: str) -> int:
        """When this session's key is forgotten, in ms; 0 when it is locked."""
        seat = self._seat(session)
        return seat.ends_ms if seat else 0

    def open(self, identity: Identity, recording: Recording) -> Timeline:
        """Log, then decrypt. Raises KeyLocked, AudioErased, NoAudio."""
        seat = self._seat(identity.session)
        if seat is None:
            self._vault.log.append(identity.name, "open-audio", DENIED, recording.id, "audio key locked")
            raise KeyLocked("The audio key is locked.", "Type the audio passphrase first.")
        if recording.state == QUARANTINED:
            self._vault.log.append(identity.name, "open-audio", DENIED, recording.id, "in quarantine")
            raise Refused(
                "This recording is in quarantine.",
                "`testigo export --quarantined` on the vault itself opens it, and logs that.",
            )
        self._vault.log.append(identity.name, "open-audio", GRANTED, recording.id)
        try:
            timeline = open_audio(self._vault, recording, seat.key)
        except VaultError as error:
            self._vault.log.append(identity.name, "open-audio", DENIED, recording.id, error.message)
            raise
        with self._lock:
            seat.recording_id, seat.timeline = recording.id, timeline
        return timeline

    def opened(self, session: str, recording_id: str) -> Timeline | None:
        """The call that this session has open, if it is this one."""
        seat = self._seat(session)
        return seat.timeline if seat and seat.recording_id == recording_id else None

    def sweep(self) -> None:
        """Forget every key whose time is up."""
        now = _now()
        with self._lock:
            for session in [name for name, seat in self._seats.items() if seat.ends_ms <= now]:
                del self._seats[session]

    def _seat(self, session: str) -> _Seat | None:
        self.sweep()
        with self._lock:
            return self._seats.get(session)


def _now() -> int:
    return time.monotonic_ns() // 1_000_000
