"""Files that commands write from the vault's data: readable by their owner only, and never over an existing file."""

import os
from collections.abc import Iterable
from pathlib import Path


def write_new(path: Path, data: bytes | Iterable[bytes]) -> Path:
    """Write a new file, whole or piece by piece.

    An existing one is an error, since others may have it open. A file that fails half-way is removed.
    """
    from testigo_vault.errors import VaultError

    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.writelines([data] if isinstance(data, bytes) else data)
        except OSError:
            path.unlink(missing_ok=True)
            raise
    except FileExistsError:
        raise VaultError(f"{path} exists already.", "Choose another name, or remove it first.") from None
    except OSError as error:
        raise VaultError(f"{path} cannot be written: {error.strerror}.", "Choose another place.") from None
    return path
