"""The register of objections, and the list that appliances get of it: never a number in clear."""

import hashlib
import json
import re
import threading

import pytest

from support.ingest import serving
from testigo_vault.documents.signing import sign_policy
from testigo_vault.errors import VaultError
from testigo_vault.notice.audio import NoticeAudio
from testigo_vault.notice.signed import sign_notice
from testigo_vault.objections.importer import rows
from testigo_vault.objections.register import Register, on_signed_list
from testigo_vault.primitives import HOST
from testigo_wire.policy import documents, objections

NUMBER, OTHER = "+34600111222", "+34943000001"


@pytest.fixture
def policy(vault):
    """A policy in force whose numbering is Spanish."""
    sign_notice(vault.organisation, "welcome", "en", "Hello", NoticeAudio(bytes(800), bytes(800)))
    path = vault.folder / "policy.toml"
    path.write_text(path.read_text().replace('country_code = ""', 'country_code = "34"'))
    sign_policy(vault.organisation, path)


def register(vault, who="os:ane"):
    return Register(
        vault.organisation, who, lambda kind, outcome, detail: vault.log.append(who, kind, outcome, "", detail)
    )


def signed(vault):
    folder = vault.documents
    return folder.read(folder.objections_path()), (folder.folder / objections.BLOB).read_bytes()


def test_a_number_reaches_the_appliance_as_a_digest_only(vault, policy, appliance, testigo):
    said = testigo("objections", "add", "600 111 222", "--reason", "by letter of 3 May")
    assert f"{NUMBER} is on the list (entry 1)" in said and "List version 1 is signed" in said
    with serving(vault) as port:
        appliance.sync(port)
    kinds = [documents.parse(data).kind for data in appliance.documents]
    assert kinds == ["objections", "notice", "policy"]  # before the policy by which calls are recorded
    key, count, digest = documents.parse(appliance.documents[0]).body
    listed = appliance.blobs[objections.BLOB]
    assert count == 1 and digest == hashlib.sha256(listed).digest()
    assert listed == objections.digest(HOST, key, NUMBER)
    sent = b"".join(appliance.documents) + listed
    assert NUMBER[1:].encode() not in sent and NUMBER[3:].encode() not in sent


def test_who_when_and_why_stay_though_the_number_comes_off(vault, policy, testigo):
    testigo("objections", "add", NUMBER, "--reason", "letter")
    testigo("objections", "remove", "0034 600111222", "--reason", "agrees again")
    assert "is not on the list" in testigo("objections", "remove", NUMBER, status=1)
    testigo("objections", "add", NUMBER)
    kept = json.loads(testigo("objections", "list", "--all", "--json"))
    assert kept["version"] == 3
    first, second = kept["entries"]
    assert (first["n"], first["number"], first["added"]["reason"], first["removed"]["reason"]) == (
        1,
        NUMBER,
        "letter",
        "agrees again",
    )
    assert first["added"]["by"].startswith("os:") and re.fullmatch(
        r"20\d\d-\d\d-\d\dT\d\d:\d\d:\d\dZ", first["removed"]["at"]
    )
    assert (second["n"], second["removed"]) == (2, None)
    assert [entry["n"] for entry in json.loads(testigo("objections", "list", "--json"))["entries"]] == [2]
    said = testigo("objections", "check", NUMBER)
    assert "was on the list (entry 1)" in said and "agrees again" in said and "is on the list (entry 2)" in said
    assert "is not on the list, and never was" in testigo("objections", "check", OTHER)
    path = vault.folder / "objections.json"
    assert path.stat().st_mode & 0o777 == 0o600


def test_every_use_is_in_the_access_log_without_the_number(vault, policy, testigo):
    testigo("objections", "add", NUMBER)
    testigo("objections", "add", NUMBER)
    testigo("objections", "check", NUMBER)
    testigo("objections", "check", OTHER)
    testigo("objections", "list")
    testigo("objections", "remove", NUMBER)
    testigo("objections", "remove", NUMBER, status=1)
    entries = [entry for entry in vault.log.entries() if entry.kind.startswith("objections")]
    assert [(entry.kind, entry.outcome, entry.detail) for entry in entries] == [
        ("objections-add", "granted", "entry 1"),
        ("objections-add", "granted", "on the list already: entry 1"),
        ("objections-check", "granted", "entry 1"),
        ("objections-check", "granted", "no entry"),
        ("objections-list", "granted", "1 entries"),
        ("objections-remove", "granted", "entry 1"),
        ("objections-remove", "denied", "not on the list"),
    ]
    assert "600111222" not in (vault.folder / "access.log").read_text()


def test_nothing_happens_that_cannot_be_logged(vault, policy):
    def full(kind, outcome, detail):
        raise VaultError("The access log cannot be written.")

    unlogged = Register(vault.organisation, "os:ane", full)
    for attempt in (
        lambda: unlogged.add([(NUMBER, "")]),
        unlogged.entries,
        lambda: unlogged.check(NUMBER),
        lambda: unlogged.remove(NUMBER, ""),
    ):
        with pytest.raises(VaultError, match="cannot be written"):
            attempt()
    assert not (vault.folder / "objections.json").exists()
    assert not vault.documents.objections_path().exists()


def test_each_list_has_a_key_of_its_own(vault, policy):
    entry = register(vault)
    entry.add([(NUMBER, "")])
    first, listed = signed(vault)
    entry.add([(OTHER, "")])
    second, relisted = signed(vault)
    assert (first.version, second.version) == (1, 2) and first.body[0] != second.body[0]
    assert listed not in (relisted[:8], relisted[8:])
    # Where nothing changes, nothing is signed: appliances would fetch it for nothing.
    entry.add([(OTHER, "")])
    assert entry.publish() == 2 and signed(vault)[1] == relisted


def test_the_list_is_signed_again_after_a_crash_or_a_restored_backup(vault, policy, testigo):
    entry = register(vault)
    entry.add([(NUMBER, ""), (OTHER, "")])
    before = (vault.folder / "objections.json").read_bytes()
    entry.remove(OTHER, "")
    (vault.folder / "objections.json").write_bytes(before)  # the removal came from a later state than the backup
    assert not on_signed_list(vault.documents, [OTHER])
    testigo("objections", "list")
    assert on_signed_list(vault.documents, [OTHER]) and signed(vault)[0].version == 3
    # The list's own file is lost, or is another than was signed.
    (vault.documents.folder / objections.BLOB).write_bytes(bytes(16))
    with pytest.raises(VaultError, match="not the list that was signed"):
        on_signed_list(vault.documents, [OTHER])
    assert entry.publish() == 4 and on_signed_list(vault.documents, ["", OTHER])


def test_a_register_that_was_lost_signs_no_shorter_list(vault, policy, testigo):
    path = vault.folder / "objections.json"
    documents = vault.documents
    register(vault).add([(NUMBER, "")])
    backup = path.read_bytes()
    register(vault).add([(OTHER, "")])
    for state, lost in ((backup, "1 number that is"), (None, "2 numbers that are")):
        path.write_bytes(state) if state else path.unlink()
        for verb in (["list"], ["add", "+34600999888"], ["remove", NUMBER]):
            said = " ".join(testigo("objections", *verb, status=1).split())
            assert lost in said and "Restore it from the backup" in said
        assert signed(vault)[0].version == 2 and on_signed_list(documents, [OTHER])
    # Neither is a list that was damaged besides taken for the smaller one.
    listed = (documents.folder / objections.BLOB).read_bytes()
    (documents.folder / objections.BLOB).unlink()
    assert "2 numbers that are" in " ".join(testigo("objections", "list", status=1).split())
    (documents.folder / objections.BLOB).write_bytes(listed)
    # Whoever has no backup says so, and it is in the log.
    path.write_bytes(backup)
    testigo("objections", "list", "--without-lost")
    assert on_signed_list(documents, [NUMBER]) and not on_signed_list(documents, [OTHER])
    assert any("register lost" in entry.detail for entry in vault.log.entries())


def test_an_empty_list_is_signed_so_that_appliances_forget_the_last_number(vault, policy, appliance):
    entry = register(vault)
    assert entry.publish() == 0
    entry.add([(NUMBER, "")])
    entry.remove(NUMBER, "")
    document, listed = signed(vault)
    assert (document.version, document.body[1], listed) == (2, 0, b"")
    with serving(vault) as port:
        appliance.sync(port)
    assert documents.parse(appliance.documents[0]).body[1] == 0


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("1234", "is too short to be a whole number"),
        ("+34", "is too short to be a whole number"),
        ("anonymous", "is no telephone number"),
        ("600 111 222 ext 4", "is no telephone number"),
        ("+34600111222333444", "is no telephone number"),
        ("", "is no telephone number"),
    ],
)
def test_an_invalid_number_is_refused(vault, policy, text, said):
    with pytest.raises(VaultError, match=re.escape(said)):
        register(vault).number(text)


@pytest.mark.parametrize(
    "text",
    [
        "600111222",
        "+34 600-11.12(22)",
        "0034600111222",
        "tel:+34600111222",
        " <sip:+34600111222@example.com;user=phone> ",
    ],
)
def test_numbers_as_people_write_them(vault, policy, text):
    assert register(vault).number(text) == NUMBER


def test_without_a_policy_only_whole_numbers_are_numbers(vault):
    assert register(vault).number(NUMBER) == NUMBER
    with pytest.raises(VaultError, match="no policy says which"):
        register(vault).number("600111222")


def test_a_file_of_which_no_line_is_lost(vault, policy, testigo, tmp_path):
    testigo("objections", "add", NUMBER)
    path = tmp_path / "numbers.csv"
    path.write_bytes(
        "\ufeffteléfono;motivo\r\n# from the old list\r\n600111222;again\r\n\r\n943 000 001;carta\r\n"
        '12;short\r\n"943000002;never closed\r\n+34 943 00 00 03\r\n943000001;twice\r\n;no number\r\n'.encode()
    )
    said = testigo("objections", "add", "--file", path, "--reason", "old list", status=1)
    assert "2 entered, 2 on the list already, 3 wrong, 2 lines without a number." in said
    assert "numbers.csv line 6: '12' is too short" in said
    assert "numbers.csv line 7: '943000002;never closed' is no telephone number" in said
    assert "numbers.csv line 10: ';no number' is no telephone number" in said
    assert "List version 2 is signed" in said
    entries = json.loads(testigo("objections", "list", "--json"))["entries"]
    assert [(entry["number"], entry["added"]["reason"]) for entry in entries] == [
        (NUMBER, ""),
        (OTHER, "carta"),
        ("+34943000003", "old list"),
    ]
    assert [entry.detail for entry in vault.log.entries() if entry.kind == "objections-add"][-1] == "entries 2 to 3"
    path.write_text("943000004\n943000005\n")
    assert "2 entered, 0 on the list already, 0 wrong, 0 lines" in testigo("objections", "add", "--file", path)


def test_every_line_of_a_file_is_accounted_for(tmp_path):
    path = tmp_path / "numbers"
    path.write_text("number\n600\n\n# x\n700, why\n,\n,y\n")
    assert [(row.line, row.text, row.reason) for row in rows(path)] == [
        (1, "", ""),
        (2, "600", ""),
        (4, "", ""),
        (5, "700", "why"),
        (7, ",y", "y"),
    ]
    path.write_bytes(b"600\n\xff\n")
    with pytest.raises(VaultError, match="line 2 is not in UTF-8"):
        rows(path)
    with pytest.raises(VaultError, match="There is no file"):
        rows(tmp_path / "none")


def test_a_number_or_a_file_but_not_both(testigo, tmp_path):
    assert "Give a number, or --file" in testigo("objections", "add", status=1)
    assert "Give a number, or --file" in testigo("objections", "add", NUMBER, "--file", tmp_path, status=1)


def test_many_numbers_all_found_and_no_other(vault, policy):
    numbers = [f"+3494{i:07}" for i in range(2000)]
    register(vault).add((number, "") for number in reversed(numbers))
    document, listed = signed(vault)
    assert document.body[1] == 2000 and listed == b"".join(sorted(listed[i : i + 8] for i in range(0, 16000, 8)))
    folder = vault.documents
    assert all(on_signed_list(folder, [number]) for number in numbers[::97])
    assert not any(on_signed_list(folder, [f"+3495{i:07}"]) for i in range(20))


def test_two_at_once_lose_nothing(vault, policy):
    def enter(first):
        for i in range(first, first + 10):
            register(vault).add([(f"+3494300{i:04}", "")])

    threads = [threading.Thread(target=enter, args=(first,)) for first in (0, 100, 200)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    entries = register(vault).entries()
    assert [entry.n for entry in entries] == list(range(1, 31)) and len({entry.number for entry in entries}) == 30
    assert signed(vault)[0].body[1] == 30


def test_a_damaged_register_is_refused(vault, policy, testigo):
    (vault.folder / "objections.json").write_text('{"entries": [{"n": 1}]}')
    assert "is not the register of objections" in testigo("objections", "list", status=1)
    with pytest.raises(VaultError, match="register of objections"):
        register(vault).add([(NUMBER, "")])


def test_the_register_shows_no_control_characters(vault, policy, testigo):
    register(vault, "os:\x1b[2J").add([(NUMBER, "\x1b]0;x\x07")])
    assert "\x1b" not in testigo("objections", "list") and "\x1b" not in testigo("objections", "check", NUMBER)
