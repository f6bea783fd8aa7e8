"""The names that notices may have. They become file names here and on the appliance."""

import re

from testigo_vault.errors import VaultError

_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,23}\Z")


def check_notice_name(name: str) -> str:
    """The same name. Raises VaultError where a notice cannot have it."""
    if not _NAME.match(name):
        raise VaultError(f"{name!r} cannot name a notice.", "Use up to 24 small letters, digits and dashes.")
    return name
