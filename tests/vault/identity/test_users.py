"""Accounts: passwords at rest, limits, sessions that end."""

import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from testigo_vault.errors import NotFound, Refused, VaultError
from testigo_vault.identity.roles import LISTEN, READ_LOG, rights_of
from testigo_vault.identity.users import (
    BROWSER_LIFE_MS,
    FAILURES_ALLOWED,
    LOCK_MS,
    NAME_FAILURES_ALLOWED,
    PASSWORD_LIFE_MS,
)
from testigo_vault.storage.models import User

PASSWORD = "a long enough password"
DAY_MS = 86_400_000


@pytest.fixture
def users(vault):
    vault.users.add("ane", ["supervisor"], PASSWORD, 0)
    return vault.users


def test_passwords_are_stored_as_digests(users, vault):
    with vault.database.read() as session:
        stored = session.get(User, "ane").password
    assert stored.startswith("scrypt$") and PASSWORD not in stored
    for path in vault.folder.glob("vault.db*"):
        assert PASSWORD.encode() not in path.read_bytes()


def test_a_session_ends(users):
    token = users.sign_in("ane", PASSWORD, 1000, 10)
    who = users.identify(token, 1000 + 10 * 60_000)
    assert who is not None and who.rights == rights_of("supervisor")
    assert users.identify(token, 1001 + 10 * 60_000) is None
    assert users.identify("", 1000) is users.identify("guess", 1000) is None


def test_attempts_are_limited(users):
    for _ in range(FAILURES_ALLOWED):
        with pytest.raises(Refused):
            users.sign_in("ane", "wrong", 1000, 10)
    with pytest.raises(Refused, match="Too many"):
        users.sign_in("ane", PASSWORD, 1000 + LOCK_MS - 1, 10)
    assert users.sign_in("ane", PASSWORD, 1000 + LOCK_MS, 10)


def test_a_new_password_and_disabling_end_sessions(users):
    token = users.sign_in("ane", PASSWORD, 1000, 10)
    users.set_password("ane", "another long password", 1001)
    assert users.identify(token, 1002) is None
    token = users.sign_in("ane", "another long password", 1003, 10)
    users.disable("ane", 1004)
    assert users.identify(token, 1005) is None
    with pytest.raises(Refused, match="Name or password"):
        users.sign_in("ane", "another long password", 1006, 10)


def test_a_password_expires_after_a_year(users):
    late = PASSWORD_LIFE_MS + DAY_MS
    who = users.identify(users.sign_in("ane", PASSWORD, late, 10), late)
    assert who is not None and who.password_expired


def test_names_passwords_and_roles_that_are_refused(users):
    for name, roles, password in (
        ("ane", ["agent"], PASSWORD),
        ("a b", ["agent"], PASSWORD),
        ("jon", ["boss"], PASSWORD),
        ("jon", [], PASSWORD),
        ("jon", ["agent"], "short"),
    ):
        with pytest.raises(VaultError):
            users.add(name, roles, password, 0)
    with pytest.raises(NotFound, match="testigo user list"):
        users.disable("nobody", 0)


def test_auditors_cannot_listen():
    for role in ("agent", "security-officer", "auditor", "administrator"):
        assert LISTEN not in rights_of(role)
    assert READ_LOG not in rights_of("supervisor")
    assert rights_of("unknown,") == set()


def test_attempts_at_the_same_time_count_each(users, monkeypatch):
    looked_at = []
    monkeypatch.setattr(
        "testigo_vault.identity.users.check_password", lambda *words: looked_at.append(words) or time.sleep(0.2)
    )

    def attempt(_):
        with pytest.raises(Refused):
            users.sign_in("ane", "wrong", 1000, 10)

    with ThreadPoolExecutor(20) as pool:
        list(pool.map(attempt, range(20)))
    monkeypatch.undo()
    with pytest.raises(Refused, match="Too many"):
        users.sign_in("ane", PASSWORD, 1000, 10)


def wrong(users, name, times, address="", browser="", now=1000):
    for _ in range(times):
        with pytest.raises(Refused, match="Name or password"):
            users.sign_in(name, "wrong", now, 10, address, browser)


def test_a_name_is_locked_for_the_address_that_guessed(users):
    wrong(users, "ane", FAILURES_ALLOWED, "192.0.2.1")
    with pytest.raises(Refused, match="Too many"):
        users.sign_in("ane", PASSWORD, 1000, 10, "192.0.2.1")
    assert users.sign_in("ane", PASSWORD, 1000, 10, "192.0.2.2")


def test_a_name_is_locked_for_all_after_many_wrong_passwords_but_not_for_its_browsers(users, monkeypatch):
    monkeypatch.setattr("testigo_vault.identity.users.check_password", lambda password, stored: password == PASSWORD)
    users.sign_in("ane", PASSWORD, 1000, 10, "192.0.2.1")
    browser = users.remember_browser("ane", 1000)
    for name in ("ane", "nobody"):
        for i in range(NAME_FAILURES_ALLOWED):
            wrong(users, name, 1, f"198.51.100.{i}")
        with pytest.raises(Refused, match="Too many"):
            users.sign_in(name, PASSWORD, 1000, 10, "203.0.113.1")
    assert users.sign_in("ane", PASSWORD, 1000, 10, "203.0.113.1", browser)
    with pytest.raises(Refused, match="Too many"):  # that did not unlock it for others
        users.sign_in("ane", PASSWORD, 1000, 10, "203.0.113.1")
    assert users.sign_in("ane", PASSWORD, 1000 + LOCK_MS, 10, "203.0.113.1")


def test_a_known_browser_has_a_count_of_its_own_and_ends(users):
    browser = users.remember_browser("ane", 1000)
    assert users.knows_browser(browser, "ane", 1000 + BROWSER_LIFE_MS)
    assert not users.knows_browser(browser, "ane", 1001 + BROWSER_LIFE_MS)
    assert not users.knows_browser(browser, "jon", 1000) and not users.knows_browser("guess", "ane", 1000)
    wrong(users, "ane", FAILURES_ALLOWED, browser=browser)
    assert not users.knows_browser(browser, "ane", 1000)
    browser = users.remember_browser("ane", 1000)
    users.set_password("ane", "another long password", 1001)
    assert not users.knows_browser(browser, "ane", 1001)


def test_a_new_password_ends_the_pause(users):
    wrong(users, "ane", FAILURES_ALLOWED, "192.0.2.1")
    users.set_password("ane", "another long password", 1001)
    assert users.sign_in("ane", "another long password", 1002, 10, "192.0.2.1")


def test_a_locked_name_costs_no_work(users, monkeypatch):
    wrong(users, "ane", FAILURES_ALLOWED)
    monkeypatch.setattr("testigo_vault.identity.users.check_password", None)
    with pytest.raises(Refused, match="Too many"):
        users.sign_in("ane", PASSWORD, 1000, 10)


def test_an_unknown_name_is_answered_as_a_known_one(users):
    def answers(name):
        for i in range(FAILURES_ALLOWED + 1):
            with pytest.raises(Refused) as refused:
                users.sign_in(name, "wrong", 1000 + i, 10)
            yield str(refused.value)

    users.add("jon", ["agent"], PASSWORD, 0)
    users.disable("jon", 1)
    assert list(answers("ane")) == list(answers("nobody")) == list(answers("jon"))
