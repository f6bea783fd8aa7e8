"""Policies, notices and settings become signed documents; what is wrong in a policy is not signed."""

import pytest

from testigo_vault.documents.signing import sign_policy, sign_settings
from testigo_vault.errors import VaultError
from testigo_vault.notice.audio import NoticeAudio
from testigo_vault.notice.signed import sign_notice
from testigo_vault.primitives import HOST
from testigo_wire.crypto import p256
from testigo_wire.policy import documents


def test_notice_policy_and_settings_are_signed_for_an_appliance(vault):
    organisation = vault.organisation
    with pytest.raises(VaultError, match="welcome"):
        sign_policy(organisation, vault.folder / "policy.toml")
    assert sign_notice(organisation, "welcome", "en", "Hello", NoticeAudio(bytes(805), bytes(805))) == 1
    assert sign_policy(organisation, vault.folder / "policy.toml") == 1
    assert sign_settings(organisation, vault.folder / "settings.toml", "branch-1") == 1
    parsed = [documents.parse(data) for data in vault.documents.documents_for("branch-1")]
    assert [document.kind for document in parsed] == ["notice", "policy", "settings"]
    assert parsed[0].body[3:] == [100, [[e, HOST.sha256(bytes(800)), 800] for e in ("PCMU", "PCMA")]]
    for document in parsed:
        assert p256.finish(document.verify_steps(HOST, organisation.operator_public))
    assert [(name, path.stat().st_size) for name, path in vault.documents.blobs_for("branch-1")] == [
        ("welcome.PCMU", 800),
        ("welcome.PCMA", 800),
    ]


@pytest.mark.parametrize(
    ("line", "instead", "said"),
    [
        ('rule = "opt-in"', 'rule = "ask"', "rule"),
        ('accept_key = "1"', 'accept_key = "9"', "which is the accept_key already"),
        ("repeats = 1", "repeat = 1", "repeat"),
        ("key_timeout_s = 10", 'key_timeout_s = "10"', "a number is wanted"),
        ("purposes =", "purposes = [", r"policy\.toml line 30: "),
    ],
)
def test_policy_errors_name_the_setting(vault, line, instead, said):
    sign_notice(vault.organisation, "welcome", "en", "Hello", NoticeAudio(bytes(800), bytes(800)))
    path = vault.folder / "policy.toml"
    path.write_text(path.read_text().replace(line, instead))
    with pytest.raises(VaultError, match=said):
        sign_policy(vault.organisation, path)
