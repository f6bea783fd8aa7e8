"""Signed documents: which are accepted, which are refused, and when they are in force."""

from recorder import files
from recorder.storage.primitives import DEVICE
from support.device import stores
from testigo_wire.encoding import cbor
from testigo_wire.errors import DocumentError

PIECE = 300


def audio(seed, ms=100):
    return {"PCMU": bytes((seed,)) * (8 * ms), "PCMA": bytes((seed + 1,)) * (8 * ms)}


async def send(a, name, data, start=0):
    offset = start
    while offset < len(data):
        piece = data[offset : offset + PIECE]
        offset = a.documents.blob(name, offset, piece, offset + len(piece) == len(data))
        if not offset:
            break
    return offset


async def provisioned(name):
    root = stores.fresh_root(name)
    stores.provision(root)
    return await stores.Appliance(root).boot(fill=False)


async def test_versions_only_grow():
    a = await provisioned("versions")
    d = a.documents
    assert d.policy is None and d.policy_why == "no policy"
    changed = []
    d.on_change.append(lambda kind, name: changed.append((kind, name)))
    assert await d.accept(stores.policy(2)) == (True, "")
    assert d.policy.version == 2 and d.policy.lines[0][0] == "main" and len(d.recipients()) == 2
    assert d.policy.digest == d.primitives.sha256(stores.policy(2))
    assert await d.accept(stores.policy(2)) == (True, "held")
    for old in (stores.policy(1), stores.policy(2, valid_from=5)):
        ok, reason = await d.accept(old)
        assert not ok and "version" in reason
    assert await d.accept(stores.policy(3)) == (True, "")
    assert await d.accept(stores.settings(7)) == (True, "")
    assert changed == [("policy", ""), ("policy", ""), ("settings", "")]
    a = await stores.Appliance(a.root).boot(fill=False)
    assert a.documents.versions() == [["policy", "", 3], ["settings", "", 7]]
    assert a.documents.settings.sync == ["serial"] and a.documents.settings.max_calls == 2
    ok, reason = await a.documents.accept(stores.policy(2))
    assert not ok and "older" in reason and "older" in a.log.lines(1)[0]
    stores.remove_tree(a.root)


async def test_settings_that_cannot_work_are_refused():
    a = await provisioned("too-many")
    for max_calls, reason in ((1000, "max_calls 1000: its heap"), (8, "max_calls 8: its heap")):
        ok, why = await a.documents.accept(stores.settings(1, max_calls))
        assert not ok and reason in why and "document refused: " + why in a.log.lines(1)[0], why
    assert a.documents.settings is None
    stores.remove_tree(a.root)


async def test_settings_that_were_accepted_earlier_stay_with_fewer_calls():
    a = await provisioned("earlier")
    files.replace(a.root + "/settings.tsd", stores.settings(1, 1000))
    a = await stores.Appliance(a.root).boot(fill=False)
    calls = a.documents.settings.max_calls
    assert 1 < calls < 25
    assert [line for line in a.log.lines() if "max_calls 1000: %d calls are taken, its heap" % calls in line], (
        a.log.lines()
    )
    stores.remove_tree(a.root)


async def test_only_the_operator_signs():
    a = await provisioned("signed")
    good = stores.policy(1)
    for wrong in (
        stores.policy(1, by="stranger"),
        good[:-1],
        good + b"\x00",
        b"",
        b"\xff",
        cbor.encode(["testigo", 1]),
    ):
        ok, reason = await a.documents.accept(wrong)
        assert not ok and reason
    flipped = bytearray(good)
    flipped[40] ^= 1
    assert not (await a.documents.accept(bytes(flipped)))[0]
    ok, reason = await a.documents.accept(stores.sign("receipt", 1, ["d", bytes(16), 1, bytes(32), ["x"], 1]))
    assert not ok
    assert a.documents.versions() == [] and files.size(a.root + "/policy.tsd") < 0
    stores.remove_tree(a.root)


async def test_file_changed_on_flash_is_not_used():
    a = await provisioned("flash")
    await a.documents.accept(stores.policy(1))
    for path in (a.root + "/policy.tsd", a.root + "/policy.tsd.copy"):
        data = bytearray(files.read(path))
        data[30] ^= 1
        files.replace(path, data)
    a = await stores.Appliance(a.root).boot(fill=False)
    assert a.documents.policy is None and "policy not used" in " ".join(a.log.lines())
    stores.remove_tree(a.root)


async def test_recipient_off_the_curve_is_refused():
    a = await provisioned("curve")
    recipients = stores.recipients()
    recipients[1][2] = b"\x04" + bytes(range(64))
    body = [0, 0, "Controller", "contact", "", bytes(32), ["", "", ""], [], recipients, [stores.LINE]]
    ok, reason = await a.documents.accept(stores.sign("policy", 1, body))
    assert not ok and "curve" in reason
    stores.remove_tree(a.root)


async def test_policy_is_in_force_in_its_validity_period():
    a = await provisioned("time")
    now = a.hal.unix_ms()
    for version, valid_from, valid_until, why in (
        (1, now + 100000, 0, "policy not yet valid"),
        (2, 0, now - 1, "policy expired"),
        (3, now - 1000, now + 100000, ""),
    ):
        await a.documents.accept(stores.policy(version, valid_from, valid_until))
        assert a.documents.policy_why == why and (a.documents.policy is None) == bool(why)
        assert a.documents.recipients(), "calls are accounted for with or without a policy in force"
    a.hal.clock = 0
    assert a.documents.policy is None and a.documents.policy_why == "clock never set"
    stores.remove_tree(a.root)


async def test_notice_is_in_force_when_its_audio_is_complete():
    a = await provisioned("notice")
    d = a.documents
    first = audio(1)
    assert await d.accept(stores.notice(first)) == (True, "")
    assert d.notice("hello") is None
    assert sorted(d.wanted()) == [["hello.PCMA", 0], ["hello.PCMU", 0]]
    assert await send(a, "hello.PCMU", first["PCMU"]) == 800
    assert d.notice("hello") is None and d.wanted() == [["hello.PCMA", 0]]
    await send(a, "hello.PCMA", first["PCMA"])
    notice = d.notice("hello")
    assert (notice.name, notice.language, notice.total_ms) == ("hello", "en", 100) and d.wanted() == []
    with notice.open("PCMU") as file:
        assert file.read() == first["PCMU"]
    assert notice.length("PCMA") == 800 and notice.digest("PCMA") == d.primitives.sha256(first["PCMA"])
    second = audio(7)
    await d.accept(stores.notice(second, version=2))
    assert d.notice("hello").version == 1, "the old one serves until the new one is whole"
    assert d.versions()[-1] == ["notice", "hello", 2]
    await send(a, "hello.PCMU", second["PCMU"])
    a = await stores.Appliance(a.root).boot(fill=False)
    assert a.documents.notice("hello").version == 1 and a.documents.wanted() == [["hello.PCMA", 0]]
    await send(a, "hello.PCMA", second["PCMA"])
    assert a.documents.notice("hello").version == 2
    assert len(files.names(a.root + "/notices")) == 3, "the old audio is gone"
    stores.remove_tree(a.root)


async def test_complete_notice_is_in_force_after_a_power_cut():
    """Between the last piece and its rename, and between that and the document's: what is here is enough."""
    for step in ("piece", "audio"):
        a = await provisioned("cut-" + step)
        first, second = audio(1), audio(7)
        await a.documents.accept(stores.notice({"PCMU": first["PCMU"]}))
        await send(a, "hello.PCMU", first["PCMU"])
        await a.documents.accept(stores.notice({"PCMU": second["PCMU"]}, version=2))
        place = a.root + "/notices/" + DEVICE.sha256(second["PCMU"])[:8].hex() + ".PCMU"
        with open(place + (".got" if step == "piece" else ""), "wb") as file:
            file.write(second["PCMU"])
        a = await stores.Appliance(a.root).boot(fill=False)
        assert a.documents.notice("hello").version == 2 and a.documents.wanted() == [], step
        assert len(files.names(a.root + "/notices")) == 2, files.names(a.root + "/notices")
        stores.remove_tree(a.root)


async def test_waiting_notice_without_the_operators_signature_is_never_in_force():
    a = await provisioned("forged")
    data = {"PCMU": audio(1)["PCMU"]}
    files.replace(a.root + "/notices/hello.new", stores.notice(data, by="stranger"))
    files.replace(a.root + "/notices/" + DEVICE.sha256(data["PCMU"])[:8].hex() + ".PCMU", data["PCMU"])
    a = await stores.Appliance(a.root).boot(fill=False)
    assert a.documents.notice("hello") is None and "set aside" in " ".join(a.log.lines())
    stores.remove_tree(a.root)


async def test_audio_transfer_is_resumed_and_checked():
    a = await provisioned("resume")
    data = audio(3)
    await a.documents.accept(stores.notice({"PCMU": data["PCMU"]}))
    assert a.documents.blob("hello.PCMU", 0, data["PCMU"][:PIECE], False) == PIECE
    assert a.documents.blob("hello.PCMU", 0, data["PCMU"][:PIECE], False) == PIECE, "a repeat is told where to go on"
    assert a.documents.blob("hello.PCMU", 700, b"x", False) == PIECE
    a = await stores.Appliance(a.root).boot(fill=False)
    assert a.documents.wanted() == [["hello.PCMU", PIECE]]
    assert await send(a, "hello.PCMU", bytes(800), PIECE) == 0, "wrong digest: from the start"
    assert a.documents.notice("hello") is None and a.documents.wanted() == [["hello.PCMU", 0]]
    await send(a, "hello.PCMU", data["PCMU"])
    assert a.documents.notice("hello")
    for name in ("hello.PCMU", "hello.PCMA", "other.PCMU", "../identity/key.der", "hello", ""):
        try:
            a.documents.blob(name, 0, b"x", True)
        except DocumentError:
            continue
        raise AssertionError(name)
    stores.remove_tree(a.root)


async def test_notice_with_audio_of_a_wrong_length_is_missing():
    a = await provisioned("short")
    data = {"PCMU": audio(3)["PCMU"]}
    await a.documents.accept(stores.notice(data))
    await send(a, "hello.PCMU", data["PCMU"])
    files.replace(a.documents.notice("hello").path("PCMU"), data["PCMU"][:-1])
    assert a.documents.notice("hello") is None and a.documents.wanted() == [["hello.PCMU", 0]]
    stores.remove_tree(a.root)


async def test_names_cannot_leave_their_folder():
    a = await provisioned("names")
    for name in ("../policy", "", ".x", "x" * 33, "a/b"):
        ok, _ = await a.documents.accept(stores.notice({"PCMU": bytes(8)}, name=name))
        assert not ok, name
    stores.remove_tree(a.root)
