"""The archive of signed documents: versions only grow, and every signed document is found again."""

import hashlib
import resource
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import pytest

from testigo_vault.documents.archive import documents_of
from testigo_vault.documents.signing import sign_policy
from testigo_vault.errors import NotFound, Refused, VaultError
from testigo_vault.notice.audio import NoticeAudio
from testigo_vault.notice.signed import sign_notice
from testigo_vault.primitives import HOST
from testigo_wire.encoding import cbor
from testigo_wire.policy import documents


def sound(seed):
    return NoticeAudio(bytes([seed]) * 800, bytes([seed + 1]) * 800)


@pytest.fixture
def organisation(vault):
    sign_notice(vault.organisation, "welcome", "en", "One", sound(1))
    return vault.organisation


@contextmanager
def no_file_beyond(size):
    """No file grows beyond so many bytes, as on a disk that is full."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_on_a_full_disk_the_present_notice_and_its_audio_stay(organisation, testigo):
    folder = documents_of(organisation).folder
    before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    with no_file_beyond(500), pytest.raises(OSError, match=r"File too large.*welcome\.PCMU"):
        sign_notice(organisation, "welcome", "en", "Two", sound(2))
    assert {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()} == before
    with no_file_beyond(100):
        said = testigo("policy", "sign", status=1)
    assert "policy-1.toml" in "".join(said.split()) and "Make room" in said
    assert sign_notice(organisation, "welcome", "en", "Two", sound(2)) == 2


def test_signing_at_the_same_time_gives_different_versions(organisation):
    """Of two documents of one version an appliance would keep the first for ever, and the archive only the last."""
    path = organisation.folder / "policy.toml"
    texts = [path.read_text().replace("retention_days = 365", f"retention_days = {days}") for days in range(1, 13)]
    files = [organisation.folder / f"policy-{i}.toml" for i in range(len(texts))]
    for file, text in zip(files, texts, strict=True):
        file.write_text(text)
    with ThreadPoolExecutor(len(files)) as pool:
        versions = list(pool.map(lambda file: sign_policy(organisation, file), files))
    assert sorted(versions) == list(range(1, len(files) + 1))
    assert [documents_of(organisation).archived_policy(version)[1] for version in versions] == texts


def test_a_damaged_document_must_be_restored_and_is_not_replaced(organisation, testigo):
    """Its version would begin at 1 again, and appliances refuse a version older than theirs."""
    path = documents_of(organisation).policy_path()
    sign_policy(organisation, organisation.folder / "policy.toml")
    path.write_bytes(path.read_bytes()[:20])
    for command in (("policy", "sign"), ("law", "ropa"), ("objections", "add", "600111222")):
        said = " ".join(testigo(*command, status=1).split())
        assert "is not a document" in said and "Restore it from the backup" in said and "Sign it again" not in said


def test_a_full_disk_leaves_no_incomplete_file(testigo, organisation, tmp_path):
    with no_file_beyond(500):
        assert "cannot be written" in testigo("policy", "new", "uk", "--out", tmp_path / "uk.toml", status=1)
        assert "cannot be written" in testigo("notice", "preview", "welcome", "--out", tmp_path / "n.wav", status=1)
    assert list(tmp_path.glob("*.toml")) == list(tmp_path.glob("*.wav")) == []


def change(path, old, new):
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


def test_every_policy_is_kept_with_its_text(organisation):
    path = organisation.folder / "policy.toml"
    first = path.read_text()
    assert sign_policy(organisation, path) == 1
    change(path, "retention_days = 365", "retention_days = 30  # días")
    assert sign_policy(organisation, path) == 2
    assert sign_policy(organisation, path) == 2
    for version, text in ((1, first), (2, path.read_text())):
        document, kept = documents_of(organisation).archived_policy(version)
        assert (document.kind, document.version, kept) == ("policy", version, text)
        assert document.body[5] == hashlib.sha256(text.encode()).digest()
    assert documents_of(organisation).read(documents_of(organisation).policy_path()).version == 2
    with pytest.raises(NotFound):
        documents_of(organisation).archived_policy(3)
    kept = documents_of(organisation).folder / "archive" / "policy-1.toml"
    assert kept.stat().st_mode & 0o077 == 0
    kept.write_text(first + " ")
    with pytest.raises(VaultError, match="not the text that policy version 1 was signed from"):
        documents_of(organisation).archived_policy(1)


def test_the_archive_keeps_the_bytes_of_the_text(organisation):
    path = organisation.folder / "policy.toml"
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes().replace(b"\n", b"\r\n"))
    sign_policy(organisation, path)
    assert documents_of(organisation).archived_policy(1)[1].encode() == path.read_bytes()


def test_the_text_of_a_notice_is_found_by_its_audio(organisation):
    for seed, words in ((3, "Two"), (5, "Three")):
        sign_notice(organisation, "welcome", "en", words, sound(seed))
    sign_notice(organisation, "welcome-2", "en", "Another", sound(1))
    archived = documents_of(organisation).archived_notice
    for seed, words, version in ((1, "One", 1), (3, "Two", 2), (5, "Three", 3)):
        for encoding in sound(seed).encodings():
            found = archived("welcome", hashlib.sha256(encoding[1]).digest())
            assert (found.body[2], found.version) == (words, version)
    assert archived("welcome-2", hashlib.sha256(bytes([1]) * 800).digest()).body[2] == "Another"
    with pytest.raises(NotFound, match="No version of the notice 'welcome'"):
        archived("welcome", bytes(32))
    assert not list((documents_of(organisation).folder / "archive").glob("*.PCM*"))


def test_versions_grow_after_a_document_was_lost_or_restored(organisation):
    path = organisation.folder / "policy.toml"
    sign_policy(organisation, path)
    old = documents_of(organisation).policy_path().read_bytes()
    change(path, "365", "30")
    assert sign_policy(organisation, path) == 2
    documents_of(organisation).policy_path().write_bytes(old)
    change(path, "30", "31")
    assert sign_policy(organisation, path) == 3
    documents_of(organisation).policy_path().unlink()
    assert sign_policy(organisation, path) == 4


def test_a_document_of_an_earlier_format_counts(organisation):
    """Version 0.1 had other fields: an appliance that holds its policy takes a higher number only."""
    body = [0, 0, "Example", "contact", ["proof"], organisation.recipients(), []]
    digest = documents.digest(HOST, "policy", 7, body)
    signature = organisation.operator_sign_digest(digest)
    path = documents_of(organisation).policy_path()
    path.write_bytes(cbor.encode(["testigo", 1, "policy", 7, body, signature]))
    with pytest.raises(VaultError, match="is not a document"):
        documents_of(organisation).read(path)
    assert sign_policy(organisation, organisation.folder / "policy.toml") == 8


@pytest.mark.parametrize("damage", [lambda data: b"", lambda data: data[:-1], lambda data: cbor.encode(["x"])])
def test_a_damaged_document_stops_signing(organisation, damage):
    path = organisation.folder / "policy.toml"
    sign_policy(organisation, path)
    change(path, "365", "30")
    kept = documents_of(organisation).policy_path()
    kept.write_bytes(damage(kept.read_bytes()))
    with pytest.raises(VaultError, match=r"policy\.tsd is not a document"):
        sign_policy(organisation, path)


def test_a_forged_version_stops_signing(organisation):
    path = organisation.folder / "policy.toml"
    sign_policy(organisation, path)
    change(path, "365", "30")
    kept = documents_of(organisation).policy_path()
    value = cbor.decode(kept.read_bytes(), documents.MAX_SIZE)
    value[3] = 1 << 40
    kept.write_bytes(cbor.encode(value))
    with pytest.raises(Refused, match="not signed by this organisation"):
        sign_policy(organisation, path)


def test_a_policy_with_placeholders_is_not_signed(organisation, made_folder):
    path = organisation.folder / "policy.toml"
    template = (made_folder / "policy.toml").read_text()
    path.write_text(template)
    with pytest.raises(VaultError) as caught:
        sign_policy(organisation, path)
    rows = template.splitlines()
    expected = [i + 1 for i, row in enumerate(rows) if '"FILL IN' in row]
    assert [problem.line for problem in caught.value.problems] == expected and len(expected) == 5
    assert "controller.contact is still to be filled in: how people reach you" in caught.value.message
    assert not documents_of(organisation).policy_path().exists()


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (
            'timezone = "UTC"',
            'timezone = "UTC"\nvalid_until = 2020-12-31',
            r"line 5: valid_until is 2020-12-31, which is over",
        ),
        (
            "date = 2026-01-31",
            "date = 2900-01-31",
            r"acknowledgements\[0\]\.date is 2900-01-31, which has not come yet",
        ),
        ('notice = "welcome"', 'notice = "hello"', r"notices\[0\]\.notice is 'hello', a notice that does not exist"),
        ('language = "en"', 'language = "es"', r"is 'welcome', which is in 'en', not in 'es'"),
        (
            'worker = "acknowledgement"',
            'worker = "notice"\nworker_notice = "staff"',
            r"line 36: lines\[0\]\.worker_notice is 'staff', a notice that does not exist",
        ),
    ],
)
def test_a_policy_that_is_not_signed(organisation, old, new, said):
    path = organisation.folder / "policy.toml"
    change(path, old, new)
    with pytest.raises(VaultError, match=said):
        sign_policy(organisation, path)
