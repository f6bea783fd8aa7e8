"""Commands of the vault are tried on one in a fresh folder."""

from support.vault_fixtures import (  # noqa: F401 - fixtures
    appliance,
    audio_key,
    folder,
    made_folder,
    testigo,
    vault,
)
