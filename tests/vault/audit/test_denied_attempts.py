"""Lines that strangers cause are few: the first ones are written, the rest is summed up, and nobody else's are left out."""

import pytest

from support.rig import wait_for
from testigo_vault.audit import denied_attempts
from testigo_vault.audit.denied_attempts import OF_A_USER, OF_ALL_ADDRESSES, OF_AN_ADDRESS, DeniedAttempts
from testigo_vault.errors import VaultError


@pytest.fixture
def denied(vault):
    return DeniedAttempts(vault.log)


def written(vault):
    return [(entry.user, entry.kind, entry.detail.split(", the last")[0]) for entry in vault.log.entries()]


def test_an_address_has_so_many_lines_and_then_a_sum(vault, denied):
    for i in range(OF_AN_ADDRESS + 7):
        denied.of_address("192.0.2.7", f"name{i}", "sign-in", "wrong")
    assert written(vault) == [(f"name{i}", "sign-in", "wrong") for i in range(OF_AN_ADDRESS)]
    denied.flush()
    assert written(vault)[OF_AN_ADDRESS:] == [("", "sign-in", "7 more attempts from 192.0.2.7")]
    denied.flush()
    denied.of_address("192.0.2.7", "again", "sign-in", "wrong")  # a new window
    assert len(written(vault)) == OF_AN_ADDRESS + 2


def test_all_addresses_together_have_so_many_lines(vault, denied):
    for i in range(5000):
        denied.of_address(f"2001:db8::{i:x}", "x", "sign-in", "wrong")
    assert len(written(vault)) == OF_ALL_ADDRESSES
    denied.flush()
    assert written(vault)[OF_ALL_ADDRESSES:] == [
        ("", "sign-in", f"{5000 - OF_ALL_ADDRESSES} more attempts from other addresses")
    ]


def test_lines_of_users_do_not_depend_on_strangers(vault, denied):
    for i in range(200):
        denied.of_address(f"192.0.2.{i}", "x", "sign-in", "wrong")
    before = len(written(vault))
    for _ in range(OF_A_USER + 2):
        denied.of_user("ane", "play", "", "not open")
    denied.of_user("jon", "listen", "0" * 32, "role does not allow it")
    assert len(written(vault)) == before + OF_A_USER + 1
    denied.flush()
    assert ("ane", "play", "2 more attempts of this user") in written(vault)
    assert next(entry for entry in vault.log.entries() if entry.user == "jon").recording == "0" * 32


def test_the_sum_is_written_without_a_further_attempt(vault, monkeypatch):
    monkeypatch.setattr(denied_attempts, "OF_AN_ADDRESS", 1)
    denied = DeniedAttempts(vault.log, window_s=0.05)
    for _ in range(2):
        denied.of_address("192.0.2.7", "x", "sign-in", "wrong")
    wait_for(lambda: len(written(vault)) >= 2, what="the sum")


def test_sums_wait_while_the_log_cannot_be_written(vault, denied):
    for i in range(OF_AN_ADDRESS + 7):
        denied.of_address("192.0.2.7", f"name{i}", "sign-in", "wrong")
    aside = vault.log.path.rename(vault.folder / "aside.log")
    vault.log.path.mkdir()
    for _ in range(2):
        with pytest.raises(VaultError, match="nothing may be opened"):
            denied.flush()
    vault.log.path.rmdir()
    aside.rename(vault.log.path)
    denied.flush()
    assert written(vault)[OF_AN_ADDRESS:] == [("", "sign-in", "7 more attempts from 192.0.2.7")]
