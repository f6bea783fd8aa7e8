"""Errors of the vault. Each names the thing that is wrong and the way out, and never carries a secret."""


class VaultError(Exception):
    """Something a person can do something about: `message` says what, `way_out` says what to do."""

    def __init__(self, message: str, way_out: str = "") -> None:
        super().__init__(message if not way_out else message + " " + way_out)
        self.message = message
        self.way_out = way_out


class KeyLocked(VaultError):
    """A private key is needed that nobody has unlocked, or the passphrase is wrong."""


class AudioErased(VaultError):
    """The audio was destroyed; only its digests are left."""


class NoAudio(VaultError):
    """The recording never held audio."""


class NotFound(VaultError):
    """No recording, device, user or document of that name."""


class Refused(VaultError):
    """A device, document or person is not allowed to do this."""


class StoreError(VaultError):
    """A copy could not be written, read back or found."""
