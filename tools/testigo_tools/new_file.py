"""Files that commands make of what the vault holds: for their owner only, and never in the place of another."""

import os
from pathlib import Path


def write_new(path: Path, data: bytes) -> Path:
    """Not into a file that exists already, which others may hold open. Nothing is left of one that could not be written whole."""
    from testigo_vault.errors import VaultError

    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(data)
        except OSError:
            path.unlink(missing_ok=True)
            raise
    except FileExistsError:
        raise VaultError(f"{path} exists already.", "Choose another name, or remove it first.") from None
    except OSError as error:
        raise VaultError(f"{path} cannot be written: {error.strerror}.", "Choose another place.") from None
    return path
