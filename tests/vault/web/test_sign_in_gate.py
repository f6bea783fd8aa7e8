"""Signing in while others do: pages go on, floods are refused early, and nobody can lock out the owner of a name."""

import threading
from concurrent.futures import ThreadPoolExecutor, as_completed

import httpx
import pytest

from support.pages import PASSWORD, signed_in
from testigo_vault.identity import users as users_module
from testigo_vault.web import sign_in_gate

AT_ONCE = 80
PATIENCE_S = 60


def attempt(address, name="agent", password="wrong", where="192.0.2.1"):
    with httpx.Client(base_url=address, headers={"X-Forwarded-For": where}, timeout=PATIENCE_S) as client:
        return client.post("/sign-in", data={"name": name, "password": password})


@pytest.fixture
def user(address):
    """Signed in before the checks are held."""
    return signed_in(address, "supervisor")


@pytest.fixture
def checks_held(user, monkeypatch):
    """Checks of passwords take until the event is set, and find them wrong."""
    go_on = threading.Event()
    monkeypatch.setattr(users_module, "check_password", lambda *arguments: not go_on.wait(PATIENCE_S))
    yield go_on
    go_on.set()


def test_eighty_at_once_do_not_stop_pages(address, user, checks_held):
    refused = []
    with ThreadPoolExecutor(AT_ONCE) as pool:
        answers = [pool.submit(attempt, address, f"n{i}", where=f"192.0.2.{i}") for i in range(AT_ONCE)]
        try:
            for one in as_completed(answers, PATIENCE_S / 2):
                refused.append(one.result())
                if len(refused) == AT_ONCE - sign_in_gate.MOST_WAITING:
                    break
            # The others wait for the check of their passwords; pages do not.
            for path in ("/", "/system", "/sign-in"):
                assert user.get(path).status_code == 200
            assert sum(one.done() for one in answers) == len(refused)
        finally:
            checks_held.set()
        assert [one.result().status_code for one in answers].count(403) == sign_in_gate.MOST_WAITING
    for answer in refused:
        assert (answer.status_code, answer.headers["retry-after"]) == (429, "5")
        assert "Too many sign-ins at once" in answer.text and "Wait 5 seconds" in answer.text
        assert "default-src 'none'" in answer.headers["content-security-policy"]


def test_one_address_takes_few_places(address, checks_held):
    most = sign_in_gate.MOST_OF_ONE
    with ThreadPoolExecutor(8) as pool:
        try:
            mine = [pool.submit(attempt, address, f"n{i}") for i in range(most + 2)]
            refused = [one.result() for _, one in zip(range(2), as_completed(mine, PATIENCE_S / 2), strict=False)]
            assert [one.status_code for one in refused] == [429, 429]
            other = pool.submit(attempt, address, "n8", where="192.0.2.2")
        finally:
            checks_held.set()
        assert sorted(one.result().status_code for one in (*mine, other)) == [403] * (most + 1) + [429] * 2


def test_many_wrong_passwords_of_one_address_are_refused_without_a_check(address, monkeypatch):
    monkeypatch.setattr(users_module, "check_password", lambda *arguments: False)
    found = [attempt(address, f"n{i}", where="2001:db8::7") for i in range(sign_in_gate.ADDRESS_FAILURES_ALLOWED + 1)]
    assert [one.status_code for one in found] == [403] * (len(found) - 1) + [429]
    assert "Too many wrong passwords from this address" in found[-1].text
    assert 240 <= int(found[-1].headers["retry-after"]) <= 300
    assert attempt(address, where="2001:db8::8").status_code == 429  # an address of the same line
    monkeypatch.undo()
    assert attempt(address, password=PASSWORD, where="2001:db8:0:1::7").status_code == 303


def test_a_locked_name_does_not_lock_out_its_owner(address):
    owner = httpx.Client(base_url=address, follow_redirects=True, headers={"X-Forwarded-For": "192.0.2.50"})
    assert owner.post("/sign-in", data={"name": "agent", "password": PASSWORD}).status_code == 200
    for _ in range(5):
        assert attempt(address).status_code == 403
    assert "Too many" in attempt(address, password=PASSWORD).text
    # The session goes on, the owner can sign in elsewhere, and others can sign in from there.
    assert owner.get("/").status_code == 200 and "<h1>Recordings" in owner.get("/").text
    assert attempt(address, password=PASSWORD, where="192.0.2.51").status_code == 303
    assert attempt(address, "auditor", PASSWORD).status_code == 303


def test_a_name_that_is_attacked_from_everywhere_is_open_to_a_known_browser(address, vault):
    owner = httpx.Client(base_url=address, headers={"X-Forwarded-For": "192.0.2.50"})
    answer = owner.post("/sign-in", data={"name": "agent", "password": PASSWORD})
    cookie = next(one for one in answer.headers.get_list("set-cookie") if one.startswith("testigo_browser="))
    assert all(part in cookie for part in ("HttpOnly", "SameSite=strict", "Path=/sign-in", "Max-Age=31536000"))
    with vault.database.session() as session:
        user = session.get(users_module.User, "agent")
        user.failures = users_module.NAME_FAILURES_ALLOWED - 1
    assert attempt(address, where="192.0.2.8").status_code == 403
    assert "Too many" in attempt(address, password=PASSWORD, where="192.0.2.9").text
    assert owner.post("/sign-in", data={"name": "agent", "password": PASSWORD}).status_code == 303
    # The cookie is of one user, and has a count of its own.
    for _ in range(5):
        assert "Name or password" in owner.post("/sign-in", data={"name": "agent", "password": "wrong"}).text
    assert "Too many" in owner.post("/sign-in", data={"name": "agent", "password": PASSWORD}).text


@pytest.fixture
def no_proxies(vault):
    vault.config.web.proxies = []


def test_whoever_is_no_proxy_cannot_say_where_it_is(no_proxies, vault, address):
    attempt(address, "nobody", where="203.0.113.9")
    assert list(vault.log.entries())[-1].detail == "Name or password is wrong. From 127.0.0.1."


def test_of_what_a_proxy_passes_on_its_own_word_counts(vault, address):
    attempt(address, "nobody", where="203.0.113.9, 192.0.2.77")
    assert list(vault.log.entries())[-1].detail == "Name or password is wrong. From 192.0.2.77."
