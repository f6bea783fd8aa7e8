"""The pages over HTTP from a real server: which role sees what, and which lines the access log gets."""

import re
import wave
from io import BytesIO

import httpx
import pytest

from support.browser import Chromium, program
from support.fake_appliance import AGREED, speech
from support.intake import take
from support.pages import PASSWORD, signed_in
from support.rig import wait_for
from support.vault_fixtures import AUDIO_PASSPHRASE
from testigo_vault import g711
from testigo_vault.identity.users import Identity
from testigo_vault.playback.unlocked_keys import UnlockedKeys
from testigo_vault.recordings.search import RecordingIndex
from testigo_vault.timestamps import now_ms


def csrf(client):
    return re.search(r'name="csrf" value="([^"]+)"', client.get("/system").text)[1]


def lines(vault):
    return [(entry.user, entry.kind, entry.outcome) for entry in vault.log.entries()]


def opened(client, recording, passphrase=AUDIO_PASSPHRASE):
    data = {"csrf": csrf(client), "passphrase": passphrase}
    return client.post(f"/recordings/{recording}/open", data=data)


def test_no_page_without_signing_in(address, first):
    client = httpx.Client(base_url=address)
    for path in ("/", f"/recordings/{first}", f"/recordings/{first}/audio.wav", "/access", "/system"):
        answer = client.get(path)
        assert (answer.status_code, answer.headers["location"]) == (303, "/sign-in")
    assert client.post(f"/recordings/{first}/open").headers["location"] == "/sign-in"
    assert client.get("/openapi.json").status_code == 404
    assert "made after a notice" in client.get("/sign-in").text  # under some policies not by consent


def test_every_answer_has_the_security_headers(address):
    client = httpx.Client(base_url=address)
    for path in ("/sign-in", "/nothing", "/static/testigo.css", "/"):
        headers = client.get(path).headers
        assert "default-src 'none'" in headers["content-security-policy"]
        assert headers["x-content-type-options"] == "nosniff"
    cookie = client.post("/sign-in", data={"name": "agent", "password": PASSWORD}).headers["set-cookie"]
    assert "HttpOnly" in cookie and "SameSite=strict" in cookie


def test_wrong_passwords_are_limited_and_logged(address, vault):
    client = httpx.Client(base_url=address)
    for _ in range(5):
        assert client.post("/sign-in", data={"name": "agent", "password": "wrong"}).status_code == 403
    answer = client.post("/sign-in", data={"name": "agent", "password": PASSWORD})
    assert answer.status_code == 403 and "Too many" in answer.text
    nobody = client.post("/sign-in", data={"name": "nobody", "password": "wrong"})
    assert "Name or password is wrong" in nobody.text
    assert lines(vault).count(("agent", "sign-in", "denied")) == 6


def test_list_and_search(address):
    client = signed_in(address, "agent")
    page = client.get("/").text
    assert "number 3 never arrived" in page and "1 in quarantine" in page
    assert "&lt;b&gt;" in page and "<b>&" not in page
    assert "Nothing matches" in client.get("/?q=nobody%25").text
    assert "+34600111222" in client.get("/?q=600111&state=good&since=2026-01-01&until=2099-01-01").text
    assert client.get("/?since=1970-01-02&until=2999-12-30&page=1000000").status_code == 200


@pytest.mark.parametrize("role", ["agent", "auditor", "administrator", "security-officer"])
def test_roles_that_do_not_listen(address, vault, first, role):
    client = signed_in(address, role)
    assert client.get(f"/recordings/{first}").status_code == 200
    assert opened(client, first).status_code == 403
    assert client.get(f"/recordings/{first}/audio.wav").status_code == 403
    assert lines(vault).count((role, "listen", "denied")) == 2
    assert (client.get("/access").status_code == 200) == (role in ("auditor", "security-officer"))


def test_playing_is_logged_and_gives_the_exact_samples(address, vault, appliance, first):
    client = signed_in(address, "supervisor")
    assert client.get(f"/recordings/{first}/audio.wav").status_code == 403
    assert "audio passphrase is wrong" in opened(client, first, "wrong").text
    page = opened(client, first)
    assert page.status_code == 200 and "<audio" in page.text and "<path" in page.text
    answer = client.get(f"/recordings/{first}/audio.wav")
    with wave.open(BytesIO(answer.content)) as file:
        stereo = file.readframes(file.getnframes())
    for leg, payloads in enumerate(appliance.made[0].payloads):
        left = b"".join(stereo[i + 2 * leg : i + 2 * leg + 2] for i in range(0, len(stereo), 4))
        assert g711.decode("PCMU", payloads) in left
    part = client.get(f"/recordings/{first}/audio.wav", headers={"Range": "bytes=100-199"})
    assert part.status_code == 206 and part.content == answer.content[100:200]
    assert client.get(f"/recordings/{first}/audio.wav", headers={"Range": "bytes=99999999-"}).status_code == 416
    log = lines(vault)
    for kind in ("unlock-audio", "open-audio", "play"):
        assert ("supervisor", kind, "granted") in log
    assert log.count(("supervisor", "unlock-audio", "denied")) == 1
    # After locking, it cannot be played.
    client.post("/lock", data={"csrf": csrf(client)})
    assert client.get(f"/recordings/{first}/audio.wav").status_code == 403


def test_quarantine_is_not_opened(address, vault):
    client = signed_in(address, "supervisor")
    recording = RecordingIndex(vault.database).get("branch-1/2")
    page = client.get(f"/recordings/{recording.id}").text
    assert "In quarantine" in page and "Recorded after notice" not in page
    assert opened(client, recording.id).status_code == 403
    assert lines(vault)[-1][1:] == ("open-audio", "denied")


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        (("notify", True, "notice", "", ""), "none, and recording may begin: the notice was heard to its end"),
        (("opt-out", True, "timeout", "", ""), "none, and recording may begin: no key was pressed in time to object"),
        (("opt-in", True, "key", "1", "rfc4733"), "given by pressing key 1"),
    ],
)
def test_the_page_shows_an_answer_only_if_there_was_one(address, vault, appliance, answer, says):
    events = [(*event[:2], *answer) if event[0] == "consent" else event for event in AGREED]
    made = appliance.record(events=events, packets=speech(0.2))
    take(vault, made)
    client = signed_in(address, "agent")
    number = RecordingIndex(vault.database).get("branch-1/5").id
    assert f"<dt>Answer</dt><dd>{says}, at " in client.get(f"/recordings/{number}").text


def test_forms_of_other_sites_are_refused(address, first):
    client = signed_in(address, "supervisor")
    for path in (f"/recordings/{first}/open", f"/recordings/{first}/verify", "/lock", "/sign-out"):
        assert "out of date" in client.post(path, data={"csrf": "guess"}).text
    answer = client.post("/sign-in", data={"name": "x", "password": "y"}, headers={"Origin": "http://evil.example"})
    assert "another site" in answer.text


def test_verify_from_the_page(address, vault, first):
    client = signed_in(address, "auditor")
    path = vault.store.places[1]._folder / RecordingIndex(vault.database).get(first).path
    path.write_bytes(path.read_bytes()[:-1])
    assert "Not whole" in client.post(f"/recordings/{first}/verify", data={"csrf": csrf(client)}).text


def test_sign_out_ends_the_session(address):
    client = signed_in(address, "agent")
    cookies = dict(client.cookies)
    client.post("/sign-out", data={"csrf": csrf(client)})
    again = httpx.Client(base_url=address, cookies=cookies)
    assert again.get("/").status_code == 303


def test_invalid_requests_get_an_error_page(address, first):
    client = signed_in(address, "supervisor")
    for answer in (
        client.get("/?page=many"),
        client.post(f"/recordings/{first}/open", data={"csrf": csrf(client), "passphrase": "secret" * 400}),
        client.post("/lock", data={"csrf": "ñ"}),
    ):
        assert answer.status_code in (400, 403) and "<h1>This did not work" in answer.text
        assert "secret" not in answer.text and answer.headers["cache-control"] == "no-store"
    assert client.post("/sign-in", content=b"name=" + b"x" * 20_000).status_code == 413
    assert client.post("/sign-in", content=iter([b"name=x"])).status_code == 413
    opened(client, first)
    audio = f"/recordings/{first}/audio.wav"
    assert client.get(audio, headers={"Range": "bytes=5-3"}).status_code == 200
    assert client.get(audio).headers["cache-control"] == "no-store"


def test_keys_are_removed_on_time_without_a_further_request(vault, appliance):
    keys = UnlockedKeys(vault)
    vault.config.audio.unlock_minutes = 0
    keys.unlock(Identity("x", "x", [], set(), "session", ""), AUDIO_PASSPHRASE)
    wait_for(lambda: keys._sessions == {}, what="the end of the session")


@pytest.mark.page
@pytest.mark.skipif(program() is None, reason="no Chromium on this machine")
def test_a_user_signs_in_and_plays_a_call(address, vault, first, tmp_path):
    page = Chromium(tmp_path / "profile")
    try:
        page.go(address)
        page.run(
            f"document.querySelector('[name=name]').value = 'supervisor';"
            f"document.querySelector('[name=password]').value = '{PASSWORD}';"
            "document.querySelector('main form').requestSubmit()"
        )
        page.wait("document.querySelector('table.list')")
        page.go(f"{address}/recordings/{first}")
        page.run(
            f"document.querySelector('[name=passphrase]').value = '{AUDIO_PASSPHRASE}';"
            "document.querySelector('.unlock').requestSubmit()"
        )
        page.wait("document.getElementById('audio').currentTime == 2")
        page.run("document.getElementById('wave').focus()")
        page.run("document.activeElement.dispatchEvent(new KeyboardEvent('keydown', {key: 'Home'}))")
        assert page.run("document.getElementById('wave').getAttribute('aria-valuenow')") == "0"
        page.run("document.activeElement.dispatchEvent(new KeyboardEvent('keydown', {key: ' '}))")
        page.wait("document.getElementById('audio').currentTime > 0.3")
        assert page.run("document.getElementById('audio').duration") == pytest.approx(4.0, abs=0.05)
        assert page.console_errors == []
    finally:
        page.close()
    assert ("supervisor", "play", "granted") in lines(vault)


@pytest.mark.page
@pytest.mark.skipif(program() is None, reason="no Chromium on this machine")
def test_pages_fit_the_screen_of_a_telephone(address, vault, first, appliance, tmp_path):
    take(vault, appliance.record(events=[("call", 0, "m" * 60, "in", "c" * 90, "d" * 90, "c", "sip"), *AGREED[1:]]))
    vault.users.add("all", ["supervisor", "auditor"], PASSWORD, now_ms())
    page = Chromium(tmp_path / "profile")
    try:
        page.command("Emulation.setDeviceMetricsOverride", width=360, height=740, deviceScaleFactor=2, mobile=True)
        page.go(address)
        page.run(
            f"document.querySelector('[name=name]').value = 'all';"
            f"document.querySelector('[name=password]').value = '{PASSWORD}';"
            "document.querySelector('main form').requestSubmit()"
        )
        page.wait("document.querySelector('table.list')")
        page.go(f"{address}/recordings/{first}")
        page.run(
            f"document.querySelector('[name=passphrase]').value = '{AUDIO_PASSPHRASE}';"
            "document.querySelector('.unlock').requestSubmit()"
        )
        page.wait("document.getElementById('audio').currentTime == 2")
        for path in (
            f"/recordings/{first}",
            f"/recordings/{appliance.made[-1].recording_id.hex()}",
            "/",
            "/system",
            "/access",
            "/language/es?back=/access",  # the longest words
            "/system",
        ):
            page.go(address + path)
            page.run("document.querySelectorAll('details').forEach((one) => one.open = true)")
            wide = (
                "[...document.querySelectorAll('main *')]"
                ".filter((e) => !e.closest('.scroll, svg') && e.getBoundingClientRect().right > 361)"
            )
            assert page.run(f"{wide}.map((e) => e.outerHTML.slice(0, 80)).join()") == "", path
            assert page.run("document.documentElement.scrollWidth") <= 360, path
    finally:
        page.close()
