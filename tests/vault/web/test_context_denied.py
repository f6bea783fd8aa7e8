"""Each attempt that is denied or fails leaves its line in the access log, with what was wanted, bounded."""

import re

import httpx
import pytest

from support.pages import PASSWORD, signed_in
from support.vault_fixtures import AUDIO_PASSPHRASE
from testigo_vault.recordings.search import RecordingIndex
from testigo_vault.web.app import make_app

UNKNOWN = "f" * 32


def csrf(client):
    return re.search(r'name="csrf" value="([^"]+)"', client.get("/system").text)[1]


def last(vault):
    entry = list(vault.log.entries())[-1]
    return entry.user, entry.kind, entry.outcome, entry.recording, entry.detail


@pytest.fixture
def opened(address, first):
    client = signed_in(address, "supervisor")
    data = {"csrf": csrf(client), "passphrase": AUDIO_PASSPHRASE}
    assert client.post(f"/recordings/{first}/open", data=data).status_code == 200
    return client


def test_audio_for_another_site_and_a_bad_range(opened, vault, first):
    audio = f"/recordings/{first}/audio.wav"
    assert opened.get(audio, headers={"Sec-Fetch-Site": "cross-site"}).status_code == 403
    assert last(vault) == ("supervisor", "play", "denied", first, "Audio is not given to other sites.")
    assert opened.get(audio, headers={"Range": "bytes=99999999-"}).status_code == 416
    assert last(vault)[:4] == ("supervisor", "play", "denied", first)
    assert re.match(r"bad range: from byte 99999999 of \d+$", last(vault)[4])


def test_a_wrong_csrf_token(address, vault, first):
    client = signed_in(address, "supervisor")
    for path, kind, recording in (
        (f"/recordings/{first}/open", "open-audio", first),
        (f"/recordings/{first}/verify", "verify", first),
        ("/lock", "lock-audio", ""),
        ("/sign-out", "sign-out", ""),
    ):
        assert client.post(path, data={"csrf": "guess"}).status_code == 403
        assert last(vault) == ("supervisor", kind, "denied", recording, "This form is out of date.")


def test_an_unknown_recording(address, vault):
    client = signed_in(address, "supervisor")
    token = {"csrf": csrf(client)}
    for method, path, kind in (("GET", "", "view"), ("POST", "/verify", "verify"), ("POST", "/open", "open-audio")):
        form = token if method == "POST" else None
        assert client.request(method, f"/recordings/{UNKNOWN}{path}", data=form).status_code == 404
        assert last(vault)[:4] == ("supervisor", kind, "denied", UNKNOWN)
    assert client.get(f"/recordings/{UNKNOWN}/audio.wav").status_code == 403
    assert last(vault)[:4] == ("supervisor", "play", "denied", UNKNOWN)


@pytest.mark.parametrize("name", ["zzz", "a" * 50_000, "%0a%1b[2J"])
def test_names_that_are_no_id_are_bounded(address, vault, name):
    client = signed_in(address, "supervisor")
    assert client.get(f"/recordings/{name}").status_code == 404
    user, kind, outcome, recording, detail = last(vault)
    assert (user, kind, outcome, recording) == ("supervisor", "view", "denied", "")
    assert ("names no recording" in detail or "is in the index" in detail) and len(detail) <= 400
    assert "\x1b" not in detail and "\n" not in detail
    client.post(f"/recordings/{name}/verify", data={"csrf": "guess"})
    assert last(vault)[4].endswith(" was wanted: This form is out of date.")


def test_a_role_that_may_not(address, vault, first):
    client = signed_in(address, "agent")
    for path, right in ((f"/recordings/{first}/audio.wav", "listen"), ("/access", "read-log")):
        assert client.get(path).status_code == 403
        assert last(vault)[1:3] == (right, "denied") and last(vault)[4] == "role does not allow it"


def test_sign_ins(address, vault):
    client = httpx.Client(base_url=address)
    form = {"name": "agent", "password": PASSWORD}
    assert client.post("/sign-in", data=form, headers={"Origin": "https://evil.example"}).status_code == 403
    assert last(vault) == ("agent", "sign-in", "denied", "", "This form came from another site. From 127.0.0.1.")
    for _ in range(5):
        assert client.post("/sign-in", data={"name": "agent", "password": "wrong"}).status_code == 403
        assert last(vault)[4] == "Name or password is wrong. From 127.0.0.1."
    assert client.post("/sign-in", data=form).status_code == 403
    assert last(vault)[4] == "Too many wrong passwords for this name. From 127.0.0.1."


def test_strangers_cannot_fill_the_log(address, vault):
    before = len(list(vault.log.entries()))
    client = httpx.Client(base_url=address)
    for i in range(240):
        # First four addresses, then each time another one.
        where = f"2001:db8::{i % 4:x}" if i < 80 else f"2001:db8:{i:x}::1"
        headers = {"X-Forwarded-For": where, "Origin": "https://evil.example"}
        assert client.post("/sign-in", data={"name": f"n{i}", "password": "x"}, headers=headers).status_code == 403
        if i == 79:
            assert len(list(vault.log.entries())) == before + 40
    assert len(list(vault.log.entries())) == before + 60
    signed_in(address, "agent").get("/access")
    assert last(vault)[:3] == ("agent", "read-log", "denied")


def test_what_was_allowed_and_failed(address, vault, first):
    client = signed_in(address, "supervisor")
    row = RecordingIndex(vault.database).get(first)
    for place in vault.store.places:
        (place._folder / row.path).unlink()
    answer = client.post(f"/recordings/{first}/open", data={"csrf": csrf(client), "passphrase": AUDIO_PASSPHRASE})
    assert answer.status_code == 409
    _, kind, outcome, recording, detail = last(vault)
    assert (kind, outcome, recording) == ("open-audio", "failed", first) and detail.startswith("after line ")


def test_a_fault_of_the_vault_itself(address, vault, first, monkeypatch):
    client = signed_in(address, "agent")
    monkeypatch.setattr("testigo_vault.web.pages.recording.evidence_of", lambda recording: 1 // 0)
    answer = client.get(f"/recordings/{first}")
    assert answer.status_code == 500 and "fault in the vault" in answer.text
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    assert last(vault) == ("agent", "view", "failed", first, "ZeroDivisionError.")


def test_the_sums_are_written_when_the_service_ends(vault):
    context = make_app(vault).state.context
    for _ in range(50):
        context.denied.of_address("192.0.2.1", "x", "sign-in", "wrong")
    context.close()
    assert last(vault)[4].startswith("40 more attempts from 192.0.2.1, the last one at ")
