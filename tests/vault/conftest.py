"""A vault in a fresh folder, with an appliance provisioned for it."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

import pytest
from stand_in import Appliance

from testigo_vault import organisation as organisations
from testigo_vault.vault import Vault

PASSPHRASE = "correct horse battery"
AUDIO_PASSPHRASE = "staple only for ears"


@pytest.fixture(scope="session")
def made_folder(tmp_path_factory):
    """One organisation for the session, since making keys takes a second; tests get copies of it."""
    folder = tmp_path_factory.mktemp("vault") / "vault"
    organisations.create(folder, "Example & Sons Ltd", PASSPHRASE, AUDIO_PASSPHRASE)
    return folder


@pytest.fixture
def folder(made_folder, tmp_path):
    import shutil

    target = tmp_path / "vault"
    shutil.copytree(made_folder, target)
    text = (target / "vault.toml").read_text()
    text = text.replace("port = 5571", "port = 0").replace("port = 5580", "port = 0").replace("0.0.0.0", "127.0.0.1")
    (target / "vault.toml").write_text(text)
    return target


@pytest.fixture
def vault(folder):
    vault = Vault(folder)
    vault.organisation.unlock(PASSPHRASE)
    yield vault
    vault.close()


@pytest.fixture
def appliance(vault, tmp_path):
    return Appliance(vault.organisation, "branch-1", tmp_path)


@pytest.fixture
def audio_key(vault):
    return vault.organisation.audio_key(AUDIO_PASSPHRASE)
