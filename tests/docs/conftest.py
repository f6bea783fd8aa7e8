"""Pages are tried on a vault in a fresh folder."""

from support.vault_fixtures import folder, made_folder, vault  # noqa: F401 - fixtures
