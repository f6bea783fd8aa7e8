"""Errors of the vault. Each says what is wrong and what to do about it, and never contains a secret."""


class VaultError(Exception):
    """An error that the user can correct: `message` says what is wrong, `hint` what to do."""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message if not hint else message + " " + hint)
        self.message = message
        self.hint = hint
        self.logged = False  # whether the access log has a line of it already


class KeyLocked(VaultError):
    """A private key is needed that is not unlocked, or the passphrase is wrong."""


class AudioErased(VaultError):
    """The audio was destroyed; only its digests are left."""


class NoAudio(VaultError):
    """The recording never held audio."""


class NotFound(VaultError):
    """No recording, device, user or document of that name."""


class Refused(VaultError):
    """A device, document or user is not allowed to do this."""


class StoreError(VaultError):
    """A copy could not be written, read back or found."""


class CopyDiffers(StoreError):
    """A place has other bytes under the name of a copy. Copies are written once."""
