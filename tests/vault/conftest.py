"""Tests of the vault have one in a fresh folder, with an appliance provisioned for it."""

from support.pages import address, first  # noqa: F401 - fixtures
from support.vault_fixtures import (  # noqa: F401 - fixtures
    appliance,
    audio_key,
    folder,
    made_folder,
    testigo,
    vault,
)
