"""Unlocked audio keys and opened calls, in memory only, each for one browser session and for a limited time.

A user types the audio passphrase once. The session then keeps the key until its time is over, the user locks it, or
signs out. Opening a call decrypts it into memory; each session has at most one call open.
"""

import threading
import time
from dataclasses import dataclass

from testigo_vault.errors import KeyLocked, Refused
from testigo_vault.identity.keys import StreamKeyOpener
from testigo_vault.identity.users import FAILURES_ALLOWED, LOCK_MS, Identity
from testigo_vault.playback.decrypt import open_audio
from testigo_vault.playback.timeline import Timeline
from testigo_vault.recordings.rows import QUARANTINED
from testigo_vault.storage.models import Recording
from testigo_vault.vault import Vault


@dataclass
class _Unlocked:
    key: StreamKeyOpener
    ends_ms: int
    recording_id: str = ""
    timeline: Timeline | None = None


@dataclass
class _Failures:
    count: int = 0
    until_ms: int = 0


class UnlockedKeys:
    """Called from the web's worker threads. The lock guards the tables only; decrypting runs outside it."""

    def __init__(self, vault: Vault) -> None:
        self._vault = vault
        self._sessions: dict[str, _Unlocked] = {}
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
                    failures.count, failures.until_ms = 0, _now() + LOCK_MS
        with log.attempt(user, "unlock-audio") as attempt:
            if paused:
                raise KeyLocked("Too many wrong audio passphrases.", f"Wait {LOCK_MS // 60_000} minutes.")
            try:
                key = self._vault.organisation.audio_key(passphrase)
            except KeyLocked:
                raise KeyLocked("The audio passphrase is wrong; the attempt was logged.", "Try again.") from None
            attempt.detail = f"for {self._vault.config.audio.unlock_minutes} minutes"
            attempt.granted()
        length_ms = self._vault.config.audio.unlock_minutes * 60_000
        with self._lock:
            failures.count = failures.until_ms = 0
            self._sessions[identity.session] = _Unlocked(key, _now() + length_ms)
        # Removes the key on time even if no further page is requested.
        timer = threading.Timer(length_ms / 1000 + 0.01, self.remove_expired)
        timer.daemon = True
        timer.start()

    def lock(self, session: str) -> None:
        with self._lock:
            self._sessions.pop(session, None)

    def unlocked_until(self, session: str) -> int:
        """When this session's key is removed, in ms of the monotonic clock; 0 when it is locked."""
        unlocked = self._unlocked(session)
        return unlocked.ends_ms if unlocked else 0

    def open(self, identity: Identity, recording: Recording) -> Timeline:
        """Log, then decrypt. Raises KeyLocked, AudioErased, NoAudio."""
        unlocked = self._unlocked(identity.session)
        with self._vault.log.attempt(identity.name, "open-audio", recording.id) as attempt:
            if unlocked is None:
                raise KeyLocked("The audio key is locked.", "Type the audio passphrase first.")
            if recording.state == QUARANTINED:
                raise Refused(
                    "This recording is in quarantine.",
                    "`testigo export --quarantined` on the vault itself opens it, and logs that.",
                )
            attempt.granted()
            timeline = open_audio(self._vault, recording, unlocked.key)
        with self._lock:
            unlocked.recording_id, unlocked.timeline = recording.id, timeline
        return timeline

    def opened(self, session: str, recording_id: str) -> Timeline | None:
        """The call, if this session has it open."""
        unlocked = self._unlocked(session)
        return unlocked.timeline if unlocked and unlocked.recording_id == recording_id else None

    def remove_expired(self) -> None:
        """Remove every key whose time is over."""
        now = _now()
        with self._lock:
            for session in [name for name, unlocked in self._sessions.items() if unlocked.ends_ms <= now]:
                del self._sessions[session]

    def _unlocked(self, session: str) -> _Unlocked | None:
        self.remove_expired()
        with self._lock:
            return self._sessions.get(session)


def _now() -> int:
    return time.monotonic_ns() // 1_000_000
