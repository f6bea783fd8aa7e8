"""Accounts: passwords at rest, limits, sessions that end."""

import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from testigo_vault.errors import NotFound, Refused, VaultError
from testigo_vault.identity.roles import LISTEN, READ_LOG, rights_of
from testigo_vault.identity.users import FAILURES_ALLOWED, LOCK_MS, PASSWORD_LIFE_MS
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


def test_an_unknown_name_is_answered_as_a_known_one(users):
    def answers(name):
        for i in range(FAILURES_ALLOWED + 1):
            with pytest.raises(Refused) as refused:
                users.sign_in(name, "wrong", 1000 + i, 10)
            yield str(refused.value)

    users.add("jon", ["agent"], PASSWORD, 0)
    users.disable("jon", 1)
    assert list(answers("ane")) == list(answers("nobody")) == list(answers("jon"))
