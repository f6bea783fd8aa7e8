"""The list of objections on real files: in force only when complete, and after a power cut the old or the new one."""

from recorder import files, hal_unix
from recorder.documents.store import Documents
from recorder.log import Log
from recorder.storage import leftovers
from recorder.storage.identity import Identity
from recorder.storage.primitives import DEVICE
from support.device import stores
from support.device.power_cut import Power, PowerCut
from testigo_wire.errors import DocumentError
from testigo_wire.policy import objections

HEAP = "2m"
BLOB = objections.BLOB
PIECE = 24
ANA, BEA, CARL, DORA = ["+3460000000%d" % i for i in range(4)]


class Folder:
    """An appliance's files. `await boot()`: a start."""

    def __init__(self, name):
        self.root = stores.fresh_root(name)
        stores.provision(self.root)
        self.hal = hal_unix.Hal(stores.Board, {"root": self.root, "console": "no"})
        self.log = Log(self.hal)
        self.identity = Identity(self.hal, DEVICE)
        self.identity.load()
        leftovers.prepare(self.hal, self.log)

    async def boot(self):
        self.documents = Documents(self.hal, DEVICE, self.identity, self.log)
        self.changed = []
        self.documents.on_change.append(lambda kind, name: self.changed.append((kind, name)))
        await self.documents.load()
        return self.documents

    def listed(self):
        """Which of the four are on the list in force."""
        return "".join(
            name for name, number in zip("abcd", (ANA, BEA, CARL, DORA)) if self.documents.on_objection_list([number])
        )

    def names(self):
        return [name for name in files.names(self.root) if name.startswith("objections")]

    def told(self):
        return "\n".join(self.log.lines())

    def remove(self):
        stores.remove_tree(self.root)


class Made:
    """A signed list: `document` and `list`, as they travel."""

    def __init__(self, version, *numbers, by="operator"):
        key = DEVICE.sha256(b"key %d" % version)
        self.list = objections.blob([objections.digest(DEVICE, key, number) for number in numbers])
        body = [key, len(self.list) // objections.WIDTH, DEVICE.sha256(self.list)]
        self.document = stores.sign("objections", version, body, by)


def send(documents, made, piece=PIECE, upto=None, power=None):
    """What the vault does: sends what is wanted from where it is wanted. power: that may go meanwhile."""
    wanted = documents.wanted()
    if not wanted:
        return
    ((name, offset),) = wanted
    assert name == BLOB
    end = len(made.list) if upto is None else upto
    while offset < end:
        data = made.list[offset : offset + piece]
        last = offset + len(data) == len(made.list)
        if power:  # Documents.blob would take the module out of memory whose writing is cut
            following, _ = documents.objections.blob(offset, data, last)
        else:
            following = documents.blob(BLOB, offset, data, last)
        assert following > offset, (offset, following)
        offset = following


async def take(documents, made, power=None):
    assert (await documents.accept(made.document))[0]
    send(documents, made, power=power)


async def with_list(name, *numbers):
    folder = Folder(name)
    await take(await folder.boot(), Made(1, *numbers))
    return folder


async def test_list_is_in_force_when_it_is_complete():
    folder = Folder("whole")
    d = await folder.boot()
    assert d.objections is None and folder.listed() == "" and d.wanted() == []
    made = Made(1, ANA, BEA, CARL, "+3491")
    assert await d.accept(made.document) == (True, "")
    assert folder.listed() == "" and d.wanted() == [[BLOB, 0]] and not folder.changed
    assert ["objections", "", 1] in d.versions(), "held, so that it is not sent again"
    send(d, made, upto=24)
    assert folder.listed() == "" and d.wanted() == [[BLOB, 24]]
    d = await folder.boot()
    assert folder.listed() == "" and d.wanted() == [[BLOB, 24]]
    send(d, made)
    assert folder.listed() == "abc" and d.wanted() == [] and folder.changed == [("objections", "")]
    assert (
        d.on_objection_list(["", "+3491"])
        and not d.on_objection_list(["", "", "+3492", "91"])
        and not d.on_objection_list([])
    )
    assert await d.accept(made.document) == (True, "held")
    d = await folder.boot()
    assert folder.listed() == "abc" and d.versions() == [["objections", "", 1]]
    assert len(folder.names()) == 2, folder.names()
    folder.remove()


async def test_versions_only_grow_and_only_the_operator_signs():
    folder = await with_list("grow", ANA)
    d = folder.documents
    for version, changes in ((2, {"by": "stranger"}), (1, {})):
        ok, why = await d.accept(Made(version, BEA, **changes).document)
        assert not ok and ("signature" in why or "version 1" in why), why
    await take(d, Made(5, BEA))
    ok, why = await d.accept(Made(4, CARL).document)
    assert not ok and "older" in why
    assert await d.accept(Made(7, DORA).document) == (True, "")
    ok, why = await d.accept(Made(6, CARL).document)
    assert not ok and "older" in why, "than one whose list is not here yet"
    for version in (5, 7):
        ok, why = await d.accept(Made(version, ANA, CARL).document)
        assert not ok, "other bytes under a version that is held"
    assert folder.listed() == "b"
    folder.remove()


async def test_old_list_is_in_force_until_the_new_one_is_complete():
    folder = await with_list("until", ANA, BEA)
    d = folder.documents
    second, third = Made(2, BEA, CARL, "+3491", "+3492", "+3493"), Made(3, BEA, DORA)
    assert await d.accept(second.document) == (True, "")
    send(d, second, upto=24)
    for _ in range(2):
        assert folder.listed() == "ab" and d.wanted() == [[BLOB, 24]]
        d = await folder.boot()
    assert await d.accept(third.document) == (True, "")
    assert folder.listed() == "ab" and d.wanted() == [[BLOB, 0]], "the third comes from its start"
    send(d, third)
    assert folder.listed() == "bd" and len(folder.names()) == 2, "half of the second is gone"
    folder.remove()


async def test_wrong_list_is_refused_and_requested_again():
    folder = await with_list("digest", ANA)
    d = folder.documents
    made = Made(2, BEA, CARL)
    await d.accept(made.document)
    flipped = bytes((made.list[0] ^ 1,)) + made.list[1:]
    assert d.blob(BLOB, 0, flipped[:8], False) == 8
    assert d.blob(BLOB, 8, flipped[8:], True) == 0, "from the start"
    assert "wrong digest" in folder.told() and folder.listed() == "a" and d.wanted() == [[BLOB, 0]]
    assert d.blob(BLOB, 0, made.list[:8], True) == 0, "said to be the last, and too short"
    assert d.blob(BLOB, 0, made.list + bytes(8), True) == 0 and d.blob(BLOB, 8, made.list[8:], True) == 0
    assert folder.listed() == "a"
    send(d, made)
    assert folder.listed() == "bc"
    for name in (BLOB, "objections.lis", "objections", "objections.tsd"):
        try:
            d.blob(name, 0, b"x" * 8, True)
        except DocumentError:
            continue
        raise AssertionError(name)
    assert folder.listed() == "bc"
    folder.remove()


async def test_empty_list_contains_nobody():
    folder = await with_list("empty", ANA, BEA)
    d = folder.documents
    assert await d.accept(Made(2).document) == (True, "")
    for _ in range(2):
        assert folder.listed() == "" and d.wanted() == [] and d.versions() == [["objections", "", 2]]
        d = await folder.boot()
    await take(d, Made(3, CARL))
    assert folder.listed() == "c"
    folder.remove()


async def test_lost_or_torn_list_contains_everybody_and_is_requested_again():
    for change in ("lost", "torn", "longer"):
        folder = await with_list(change, ANA, BEA)
        made = Made(1, ANA, BEA)
        (place,) = [folder.root + "/" + name for name in folder.names() if not name.endswith(".tsd")]
        if change == "lost":
            files.remove(place)
        else:
            files.replace(place, made.list[:-1] if change == "torn" else made.list + b"x")
        d = folder.documents
        for _ in range(2):
            assert folder.listed() == "abcd" and d.on_objection_list(["+15550100"]), change
            assert d.wanted() == [[BLOB, 0]] and d.versions() == [["objections", "", 1]]
            d = await folder.boot()
        assert d.blob(BLOB, 0, bytes(16), True) == 0 and folder.listed() == "abcd"
        send(d, made)
        assert folder.listed() == "ab" and d.wanted() == []
        files.remove(place)
        second = Made(2, CARL, DORA, "+3491", "+3492")
        await d.accept(second.document)
        send(d, second, upto=8)
        assert folder.listed() == "abcd", "a newer one that is half here says nothing yet"
        send(d, second)
        assert folder.listed() == "cd" and len(folder.names()) == 2
        folder.remove()


async def test_document_without_the_operators_signature_is_set_aside():
    """Where it was the one in force nobody can tell any more who objected: then nobody is recorded until there is another."""
    good, bad = Made(1, ANA, BEA), Made(9, CARL, by="stranger")
    # as the one in force, as the one that waits with nothing in force, and as the one that waits beside a good one
    for suffix, beside in ((".tsd", False), (".new", False), (".new", True)):
        for whole in (False, True):
            folder = await (with_list("forged", ANA, BEA) if beside else made_folder("forged"))
            path = folder.root + "/objections"
            files.replace(path + suffix, bad.document)
            if whole:
                files.replace("%s.%s" % (path, DEVICE.sha256(bad.list)[:8].hex()), bad.list)
            d = await folder.boot()
            aside = path + (".bad" if suffix == ".tsd" else ".new.bad")
            assert "set aside" in folder.told() and files.size(aside) > 0, (suffix, beside)
            expected = "ab" if beside else "abcd" if suffix == ".tsd" else ""
            assert folder.listed() == expected, (suffix, beside, whole, folder.listed())
            assert d.wanted() == [] and d.versions() == ([["objections", "", 1]] if beside else [])
            later = Made(2, DORA) if beside else good
            await take(d, later)
            assert folder.listed() == ("d" if beside else "ab")
            assert files.size(aside) < 0
            folder.remove()


async def made_folder(name):
    return Folder(name)


async def test_several_thousand_numbers():
    count = 5000
    folder = Folder("thousands")
    d = await folder.boot()
    key = bytes(range(32))
    digests = [DEVICE.sha256(b"%d" % i)[:8] for i in range(count - 2)]
    digests += [objections.digest(DEVICE, key, number) for number in (ANA, CARL)]
    made = Made(1)
    made.list = objections.blob(digests)
    made.document = stores.sign("objections", 1, [key, count, DEVICE.sha256(made.list)])
    await d.accept(made.document)
    send(d, made, piece=512)
    assert folder.listed() == "ac"
    used = d.objections._in_force
    with open(d.objections._list_path(used), "rb") as file:

        def read(index):
            file.seek(index * 8)
            return file.read(8)

        found = [objections.contains(read, count, digest) for digest in digests[::7] + [min(digests), max(digests)]]
    assert all(found)
    assert not any(d.on_objection_list(["+3491%06d" % i]) for i in range(50))
    folder.remove()


async def cut_everywhere(before, after, states):
    """Cuts the power at each step of taking `after` in the place of `before`. states: who may be listed then."""
    step = 0
    seen = set()
    while True:
        folder = Folder("cut")
        d = await folder.boot()
        if before:
            await take(d, before)
        try:
            with Power(step) as power:
                await take(d, after, power)
            done = True
        except PowerCut:
            done = False
        d = await folder.boot()
        where = "step %d: %s, %s" % (step, folder.listed(), folder.names())
        assert folder.listed() in states, where
        seen.add(folder.listed())
        assert not done or folder.listed() == states[-1], where
        await take(d, after)  # what the vault does next
        assert folder.listed() == states[-1] and d.wanted() == [], where
        d = await folder.boot()
        assert folder.listed() == states[-1], where
        assert [name for name in folder.names() if name.endswith((".new", ".got"))] == [], where
        folder.remove()
        if done:
            break
        step += 1
    assert seen == set(states) and step >= 4, (seen, step)


async def test_power_cut_at_any_step_of_a_new_list():
    await cut_everywhere(Made(1, ANA, BEA), Made(2, BEA, CARL, "+3491", "+3492"), ("ab", "bc"))


async def test_power_cut_at_any_step_of_the_first_list():
    await cut_everywhere(None, Made(1, ANA, BEA, "+3491", "+3492"), ("", "ab"))


async def test_power_cut_at_any_step_of_an_empty_list():
    await cut_everywhere(Made(1, ANA, BEA), Made(2), ("ab", ""))


async def test_complete_list_is_in_force_after_the_next_start():
    folder = await with_list("renamed", ANA, BEA)
    made = Made(2, BEA, CARL)
    d = folder.documents
    await d.accept(made.document)
    with Power(3) as power:  # written, renamed, and the document's own rename is cut
        try:
            send(d, made, power=power)
            raise AssertionError("not cut")
        except PowerCut:
            assert not power.left
    d = await folder.boot()
    assert folder.listed() == "bc" and d.wanted() == [], "nobody would ever send it again"
    folder.remove()
