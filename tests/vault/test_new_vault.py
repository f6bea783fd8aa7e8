"""A new vault folder: what is refused, and what an interrupted run leaves."""

import pytest

from testigo_vault.errors import VaultError
from testigo_vault.new_vault import create


def test_an_existing_vault_is_not_overwritten(folder):
    with pytest.raises(VaultError, match="never overwritten"):
        create(folder, "x", "long enough passphrase", "another long passphrase")
    with pytest.raises(VaultError, match="too short"):
        create(folder / "new", "x", "short", "long enough passphrase")


def test_keys_are_never_overwritten(folder, tmp_path):
    (folder / "vault.toml").unlink()
    before = (folder / "organisation" / "audio.key").read_bytes()
    with pytest.raises(VaultError, match=r"keys of an organisation, but no vault\.toml"):
        create(folder, "x", "long enough passphrase", "another long passphrase")
    assert (folder / "organisation" / "audio.key").read_bytes() == before


def test_the_folder_must_be_empty(tmp_path):
    (tmp_path / "letter.txt").write_text("")
    mode = tmp_path.stat().st_mode
    with pytest.raises(VaultError, match=r"not empty: it holds letter\.txt"):
        create(tmp_path, "x", "long enough passphrase", "another long passphrase")
    assert tmp_path.stat().st_mode == mode
    with pytest.raises(VaultError, match="cannot be a vault"):
        create(tmp_path / "letter.txt", "x", "long enough passphrase", "another long passphrase")
    with pytest.raises(VaultError, match="use two"):
        create(tmp_path / "new", "x", "long enough passphrase", "long enough passphrase")


def test_an_interrupted_run_can_be_repeated(tmp_path):
    def interrupted(text):
        if "server" in text:
            raise KeyboardInterrupt

    name = 'A "name"\n\x1b of\\many  lines'
    with pytest.raises(KeyboardInterrupt):
        create(tmp_path / "v", name, "long enough passphrase", "another long passphrase", interrupted)
    made = create(tmp_path / "v", name, "long enough passphrase", "another long passphrase")
    assert made.name == 'A "name" \ufffd of\\many lines'
    for path in (tmp_path / "v").rglob("*"):
        if path.suffix in (".key", ".secret") or path.name == "settings.toml":
            assert path.stat().st_mode & 0o777 == 0o600, path
        elif path.is_dir():
            assert path.stat().st_mode & 0o777 == 0o700, path
