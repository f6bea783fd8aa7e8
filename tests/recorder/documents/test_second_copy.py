"""Settings and policy have a second copy, which is used where a bit of the first one changed, and is never an older version."""

import os

from recorder import files
from support.device import stores

KINDS = ("settings", "policy")
MAKE = {"settings": stores.settings, "policy": stores.policy}


def paths(root, kind):
    return root + "/" + kind + ".tsd", root + "/" + kind + ".tsd.copy"


def flip(path, at=60):
    data = bytearray(files.read(path))
    data[at] ^= 4
    files.replace(path, data)


def version(a, kind):
    document = a.documents.settings if kind == "settings" else a.documents.installed_policy
    return document.version if document else 0


async def with_both(name):
    """An appliance that has started once with settings and policy of version 1."""
    root = stores.fresh_root(name)
    stores.provision(root)
    for kind in KINDS:
        files.replace(root + "/" + kind + ".tsd", MAKE[kind]())
    return await stores.Appliance(root).boot(fill=False)


async def again(a):
    return await stores.Appliance(a.root).boot(fill=False)


async def test_any_changed_bit_is_mended_at_the_next_start_and_told():
    for kind in KINDS:
        a = await with_both("flip")
        first, copy = paths(a.root, kind)
        right = files.read(first)
        assert files.read(copy) == right, "the first start makes the copy of documents that an older firmware stored"
        for at in range(0, len(right), 37):
            flip(first, at)
            a = await again(a)
            assert version(a, kind) == 1 and files.read(first) == right, (kind, at, a.log.lines())
            assert a.log.faults == {"second copy of %s used" % kind: 1}, (kind, at, a.log.faults)
        a = await again(a)
        assert not a.log.faults, "only the start that mended it tells it"
        flip(copy)
        a = await again(a)
        assert version(a, kind) == 1 and files.read(copy) == right
        stores.remove_tree(a.root)


async def test_a_document_that_is_gone_or_a_folder_has_its_copy():
    for kind in KINDS:
        for how in ("gone", "folder", "empty"):
            a = await with_both("gone")
            first, _ = paths(a.root, kind)
            os.remove(first)
            if how == "folder":
                os.mkdir(first)
            elif how == "empty":
                files.replace(first, b"")
            a = await again(a)
            assert version(a, kind) == 1 and files.size(first) > 0, (kind, how, a.log.lines())
            stores.remove_tree(a.root)


async def test_both_damaged_is_told_as_not_in_force():
    for kind in KINDS:
        a = await with_both("both")
        for path in paths(a.root, kind):
            flip(path)
        a = await again(a)
        assert version(a, kind) == 0 and "not used" in a.documents.problems[kind]
        stores.remove_tree(a.root)


class CutBetween:
    """The power fails after the n-th file of those that `accept` writes."""

    def __init__(self, n):
        self._n = n

    def __enter__(self):
        self._replace = files.replace

        def replace(path, data):
            if not self._n:
                raise KeyboardInterrupt
            self._n -= 1
            self._replace(path, data)

        files.replace = replace

    def __exit__(self, *raised):
        files.replace = self._replace


async def test_a_version_that_was_replaced_never_comes_back():
    """At each moment of the change, with either file damaged afterwards: what was accepted stays, or nothing is in force."""
    for kind in KINDS:
        for written in range(3):
            for damaged in range(2):
                a = await with_both("cut")
                accepted = False
                try:
                    with CutBetween(written):
                        accepted = (await a.documents.accept(MAKE[kind](2)))[0]
                except KeyboardInterrupt:
                    pass
                assert accepted == (written == 2)
                flip(paths(a.root, kind)[damaged])
                a = await again(a)
                assert version(a, kind) >= (2 if accepted else 1), (kind, written, damaged)
                stores.remove_tree(a.root)


async def test_an_older_copy_does_not_stay_where_the_newer_cannot_be_written():
    for kind in KINDS:
        a = await with_both("full")
        first, copy = paths(a.root, kind)
        replace = files.replace

        def no_copy(path, data):
            if path.endswith(".copy"):
                raise OSError(28)
            replace(path, data)  # noqa: B023

        files.replace = no_copy
        try:
            assert await a.documents.accept(MAKE[kind](2)) == (True, "")
        finally:
            files.replace = replace
        assert files.size(copy) < 0 and a.log.faults == {"second copy of %s" % kind: 1}
        flip(first)
        a = await again(a)
        assert version(a, kind) == 0
        stores.remove_tree(a.root)


async def test_a_copy_of_another_operator_is_not_used():
    a = await with_both("stranger")
    first, copy = paths(a.root, "policy")
    flip(first)
    files.replace(copy, stores.policy(9, by="stranger"))
    a = await again(a)
    assert version(a, "policy") == 0
    stores.remove_tree(a.root)
