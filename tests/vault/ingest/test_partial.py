"""Parts of recordings have a limit in number, size and age; the appliance still has what is removed."""

import os

import pytest

from testigo_vault.ingest import partial
from testigo_vault.ingest.partial import PartialUpload, remove_old_parts
from testigo_vault.recordings.indexing import Offer


def upload(folder, number, size=1000, device_id="branch-1", held=10):
    made = PartialUpload(folder, Offer(device_id, number, number.to_bytes(16, "big"), size, bytes(32)))
    made.append(made.size, bytes(held))
    made.close()
    os.utime(made.path, (number * 1000, number * 1000))
    return made.path


def names(folder, device_id="branch-1"):
    return sorted(int(path.name[:8]) for path in (folder / device_id).iterdir())


def test_the_oldest_parts_of_an_appliance_give_way(tmp_path):
    upload(tmp_path, 1, device_id="other")
    for number in range(1, 21):
        upload(tmp_path, number)
    assert names(tmp_path) == [17, 18, 19, 20] and names(tmp_path, "other") == [1]
    # One that goes on is no new one.
    assert upload(tmp_path, 17).stat().st_size == 20
    assert names(tmp_path) == [17, 18, 19, 20]


def test_the_size_of_all_parts_of_an_appliance_is_limited(tmp_path, monkeypatch):
    monkeypatch.setattr(partial, "MAX_PARTS_SIZE", 2000)
    for number in (1, 2):
        upload(tmp_path, number, held=600)
    assert names(tmp_path) == [1, 2]
    upload(tmp_path, 3, size=1500)
    assert names(tmp_path) == [3]


@pytest.mark.parametrize(("days", "left"), [(13, [5]), (15, [])])
def test_a_part_to_which_nothing_is_added_is_removed(tmp_path, days, left):
    upload(tmp_path, 5)
    assert remove_old_parts(tmp_path, 5000 + days * 86400) == 1 - len(left)
    assert names(tmp_path) == left
    assert remove_old_parts(tmp_path / "not there", 0) == 0
