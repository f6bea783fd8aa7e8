"""What the check of lawfulness found, on the page of a recording, in both languages, and on the command line."""

from support import policy_calls as calls
from support.fake_appliance import speech
from support.intake import take
from support.lawfulness.unlawful import ATTACKS, SOUNDS, record
from support.pages import address, signed_in  # noqa: F401 - a fixture
from support.vault_fixtures import AUDIO_PASSPHRASE
from testigo_vault.recordings.search import RecordingIndex

SPANISH = {"Accept-Language": "es"}


def page(client, vault, number, **headers):
    return client.get(
        f"/recordings/{RecordingIndex(vault.database).get(f'branch-1/{number}').id}", headers=headers
    ).text


def test_findings_on_the_page(address, vault, appliance):  # noqa: F811
    calls.signed(vault)
    sums = [("quality", 19_000, leg, 0, 0, 0, 0, 0) for leg in (0, 1)]
    take(vault, record(vault, appliance, after=[*sums, ("hang_up", 20_000, 1, 200, "BYE")]))
    take(vault, ATTACKS["consent by the objection key"][1](vault, appliance))
    irregular, unlawful = len(appliance.made) - 1, len(appliance.made)
    client = signed_in(address, "supervisor")
    text = page(client, vault, irregular)
    assert "Not everything is as it should be" in text and "<code>leg-silent</code>" in text and "(Irregular)" in text
    text = page(client, vault, irregular, **SPANISH)
    assert "No todo es como debe" in text and "no se recibió nada del lado" in text
    text = page(client, vault, unlawful)
    assert "In quarantine" in text and "<code>consent-key</code>" in text and "(Unlawful)" in text
    text = page(client, vault, unlawful, **SPANISH)
    assert "se consintió con la tecla 9" in text and "grabación ilícita: consent-key" in text


def test_unlawful_sound_is_not_played(address, vault, appliance):  # noqa: F811
    take(vault, SOUNDS["sound from a pause"][1](vault, appliance))
    number = len(appliance.made)
    client = signed_in(address, "supervisor")
    recording = RecordingIndex(vault.database).get(f"branch-1/{number}")
    text = page(client, vault, number)
    token = text.split('name="csrf" value="')[1].split('"')[0]
    answer = client.post(f"/recordings/{recording.id}/open", data={"csrf": token, "passphrase": AUDIO_PASSPHRASE})
    assert answer.status_code == 403 and "as its sound shows" in answer.text
    assert client.get(f"/recordings/{recording.id}/audio.wav").status_code == 403
    assert "sound-in-pause" in page(client, vault, number)
    denied = [entry for entry in vault.log.entries(recording.id) if entry.outcome in ("denied", "failed")]
    assert [entry.kind for entry in denied] == ["open-audio", "play"]


def test_the_commands_tell_the_findings(testigo, vault, appliance, tmp_path):
    take(vault, appliance.record(packets=speech(0.5)))
    said = testigo("verify")
    assert "not checked" in said and "policy-missing: policy version 3" in said
    assert "0 irregular, 2 not checked" in said and "all whole" in said
    assert "notice-missing" in testigo("show", "branch-1/1")
    take(vault, SOUNDS["sound from before the consent"][1](vault, appliance))
    testigo("verify")
    said = testigo("verify", "--deep", status=1)
    assert "unlawful" in said and "sound-before-consent: 3 audio frames" in said
    assert "Unlawful" in testigo("show", "branch-1/2")
    assert "in quarantine" in testigo("export", "branch-1/2", tmp_path / "call.wav", status=1)
    testigo("export", "branch-1/2", tmp_path / "call.wav", "--quarantined")
