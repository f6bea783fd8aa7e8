"""Fixtures: a vault in a fresh folder, with an appliance provisioned for it. A conftest takes them by import."""

import contextlib
import re
import sqlite3

import pytest
from typer.testing import CliRunner

from support.fake_appliance import Appliance
from testigo_tools.cli import assemble
from testigo_vault.new_vault import create
from testigo_vault.vault import Vault

# What a person writes into the policy that `testigo init` made.
FILLED = {
    "contact": '"privacy@example.com"',
    "information": '"www.example.com/calls"',
    "worker": '"all workers of the line"',
    "date": "2026-01-31",
    "text": '"version 1"',
}

PASSPHRASE = "correct horse battery"
AUDIO_PASSPHRASE = "staple only for ears"


@pytest.fixture(scope="session")
def made_folder(tmp_path_factory):
    """One organisation for the session, since making keys takes a second; tests get copies of it."""
    folder = tmp_path_factory.mktemp("vault") / "vault"
    create(folder, "Example & Sons Ltd", PASSPHRASE, AUDIO_PASSPHRASE)
    return folder


@pytest.fixture
def folder(made_folder, tmp_path):
    import shutil

    target = tmp_path / "vault"
    shutil.copytree(made_folder, target)
    text = (target / "vault.toml").read_text()
    text = text.replace("port = 5571", "port = 0").replace("port = 5580", "port = 0").replace("0.0.0.0", "127.0.0.1")
    (target / "vault.toml").write_text(text)
    (target / "policy.toml").write_text(filled((target / "policy.toml").read_text()))
    return target


def filled(policy: str, values: dict[str, str] = FILLED) -> str:
    """A policy of a template or preset, with nothing left to fill in."""
    for setting, value in values.items():
        policy = re.sub(rf'^( *{setting} = )"FILL IN[^"]*"', rf"\g<1>{value}", policy, flags=re.MULTILINE)
    return policy


def full(folder):
    """From now on SQLite refuses what the service writes first, as on a full disk."""
    with contextlib.closing(sqlite3.connect(folder / "vault.db")) as index, index:
        index.execute(
            "CREATE TRIGGER full BEFORE UPDATE ON alembic_version "
            "BEGIN SELECT RAISE(FAIL, 'database or disk is full'); END"
        )


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


@pytest.fixture
def testigo(folder, monkeypatch):
    """The command line, as a person types it: testigo("list", "600111", status=1) -> what it prints."""
    monkeypatch.setenv("TESTIGO_VAULT", str(folder))
    monkeypatch.setenv("TESTIGO_PASSPHRASE", PASSPHRASE)
    monkeypatch.setenv("TESTIGO_AUDIO_PASSPHRASE", AUDIO_PASSPHRASE)
    monkeypatch.setenv("TESTIGO_PASSWORD", "a long enough password")

    def run(*arguments, status=0):
        result = CliRunner().invoke(assemble(arguments[0]), [str(argument) for argument in arguments])
        assert result.exit_code == status, result.output
        return result.output

    return run
