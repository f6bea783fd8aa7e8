"""A place of copies is used only while it has this vault's marker: a disk that is not mounted is not taken for an empty one."""

import logging
import shutil

import pytest

from support.fake_appliance import speech
from support.intake import offer, take
from testigo_vault.config import Copy
from testigo_vault.errors import CopyDiffers, StoreError
from testigo_vault.ingest.admission import Admission
from testigo_vault.recordings.reindex import reindex
from testigo_vault.recordings.search import RecordingIndex
from testigo_vault.recordings.verification import check_copies, unindexed_files
from testigo_vault.storage.copies import Place
from testigo_vault.storage.places import MARKER, PlaceRegister
from testigo_vault.vault import Vault


@pytest.fixture
def filled(vault, appliance):
    """A vault with a recording; -> its second place."""
    take(vault, appliance.record(packets=speech(0.2)))
    return vault.folder / "copies" / "second"


def unmount(place):
    """What is left of a mount point: an empty folder."""
    place.rename(place.with_name("disk"))
    place.mkdir()


def mount(place):
    place.rmdir()
    place.with_name("disk").rename(place)


def test_a_place_that_is_not_mounted_is_refused(vault, appliance, filled):
    made = appliance.record(packets=speech(0.2))
    unmount(filled)
    with pytest.raises(StoreError) as caught:
        take(vault, made)
    assert "not the place that this vault wrote to" in str(caught.value) and "accept-place second" in str(caught.value)
    assert list(filled.iterdir()) == []
    # No receipt for what was stored before either: the device would delete its file.
    with pytest.raises(StoreError):
        Admission(vault).stored(offer(appliance.made[0]))
    mount(filled)
    assert take(vault, made).receipt and Admission(vault).stored(offer(appliance.made[0])).receipt


def test_a_place_that_is_gone_is_not_made_anew(vault, appliance, filled):
    filled.rename(filled.with_name("disk"))
    opened = Vault(vault.folder)
    try:
        assert not filled.exists() and list(opened.store.absent()) == ["second"]
        with pytest.raises(StoreError):
            take(opened, appliance.record(packets=speech(0.2)))
        assert not filled.exists()
    finally:
        opened.close()


def test_another_disk_in_its_place_is_refused(vault, appliance, filled):
    shutil.copy(filled.with_name("first") / MARKER, filled / MARKER)
    assert "marker of another place" in str(vault.store.absent()["second"])
    with pytest.raises(StoreError):
        take(vault, appliance.record(packets=speech(0.2)))


def test_an_index_is_not_made_from_the_places_that_are_left(vault, filled):
    unmount(filled)
    with pytest.raises(StoreError, match=r"no testigo-place\.json"):
        reindex(vault)
    assert RecordingIndex(vault.database).get("branch-1/1").state == "good"


def test_verification_names_the_place_once(vault, filled):
    unmount(filled)
    recording = RecordingIndex(vault.database).get("branch-1/1")
    assert "not the place" in check_copies(vault, recording, 1)[1].text
    assert vault.alarms.latest() == [], "each recording raises an alarm for the place"
    assert len([text for text in unindexed_files(vault) if "not the place" in text]) == 1


def test_a_place_is_accepted_and_filled(testigo, vault, appliance, filled):
    unmount(filled)
    said = testigo("vault", "repair", status=1)
    assert "accept-place second" in said
    testigo("vault", "accept-place", "second")
    assert "revoke" not in testigo("log", "show") and "accept-place" in testigo("log", "show")
    assert "1 repaired" in testigo("vault", "repair")
    row = RecordingIndex(vault.database).get("branch-1/1")
    assert (filled / row.path).read_bytes() == appliance.made[0].data
    assert "all whole" in testigo("verify")
    assert "No place is called third" in testigo("vault", "accept-place", "third", status=1)


def test_a_new_vault_takes_its_places(folder):
    vault = Vault(folder)
    try:
        assert vault.store.absent() == {}
        assert {place.marker()[:9] for place in vault.store.places} == {b'{"place":'}
        # Settings that are changed before the first recording need no command.
        text = (folder / "vault.toml").read_text()
        (folder / "vault.toml").write_text(text.replace("copies/second", "copies/other"))
        again = Vault(folder)
        assert again.store.absent() == {}
        again.close()
    finally:
        vault.close()


def test_a_vault_of_an_earlier_version_goes_on(vault, appliance, filled, caplog):
    """It has no markers: the places that hold recordings get theirs; an empty one may be a disk that is not mounted."""
    vault.close()
    (vault.folder / "places.json").unlink()
    for place in ("first", "second"):
        (vault.folder / "copies" / place / MARKER).unlink()
    unmount(filled)
    with caplog.at_level(logging.WARNING, "testigo"):
        opened = Vault(vault.folder)
    try:
        assert list(opened.store.absent()) == ["second"]
        assert "Copy first" in caplog.text and "Copy second" not in caplog.text
    finally:
        opened.close()
    mount(filled)
    (vault.folder / "places.json").unlink()
    opened = Vault(vault.folder)
    try:
        assert opened.store.absent() == {}
        assert take(opened, appliance.record(packets=speech(0.2))).receipt
    finally:
        opened.close()


def test_a_lost_index_does_not_make_an_empty_place_good(vault, filled):
    unmount(filled)
    vault.close()
    for path in vault.folder.glob("vault.db*"):
        path.unlink()
    opened = Vault(vault.folder)
    try:
        assert list(opened.store.absent()) == ["second"]
    finally:
        opened.close()


@pytest.mark.parametrize("url", ["folder", "memory:///"])
def test_copies_are_written_once(tmp_path, url):
    place = Place(Copy(name="one", url=url if "://" in url else str(tmp_path / url)), PlaceRegister(tmp_path))
    with pytest.raises(StoreError, match="not known to this vault yet"):
        place.put("recordings/a/1.tsg", b"x")
    place.accept()
    assert place.is_empty()
    for _ in range(2):
        place.put("recordings/a/1.tsg", b"first")
    with pytest.raises(CopyDiffers):
        place.put("recordings/a/1.tsg", b"second")
    assert place.get("recordings/a/1.tsg") == b"first"
    aside = place.set_aside("recordings/a/1.tsg")
    place.put("recordings/a/1.tsg", b"second")
    assert (place.get(aside), place.get("recordings/a/1.tsg")) == (b"first", b"second")
    assert list(place.paths("recordings")) == ["recordings/a/1.tsg"] and not place.is_empty()
    place.accept()
    place.check()


def test_a_file_system_without_links_writes_once_too(tmp_path, monkeypatch):
    import errno
    import os

    def link(*_):
        raise OSError(errno.EOPNOTSUPP, "no links")

    monkeypatch.setattr(os, "link", link)
    test_copies_are_written_once(tmp_path, "folder")
    assert not list(tmp_path.rglob("*.part"))
