"""What the virtual appliance takes from the machine's libraries."""

from recorder import hal_unix_libraries
from support.device import stores

HEAP = "500k"


def test_a_file_system_in_memory_is_found_by_the_longest_mount_point():
    root = stores.fresh_root("mounts")
    path = root + "/mounts"
    with open(path, "w") as file:
        for point, kind in (("/", "ext4"), ("/run", "tmpfs"), ("/run/disk", "ext4"), ("/running", "xfs")):
            file.write("device %s %s rw 0 0\n" % (point, kind))
    folders = ("/var", "/run", "/run/a", "/run/disk/a", "/running/a", "relative")
    found = [hal_unix_libraries.in_memory(folder, path) for folder in folders]
    assert found == [False, True, True, False, False, False], found
    assert not hal_unix_libraries.in_memory("/run", root + "/none")
    stores.remove_tree(root)


def test_a_small_heap_takes_nothing_from_libraries():
    class Chip(stores.Board):
        HEAP_SMALL = True

    root = stores.fresh_root("libraries")
    hal = stores.hal_unix.Hal(Chip, {"root": root, "console": "no"})
    assert hal.recv is None and hal.openssl is None and hal.flusher() is None
    assert stores.Appliance(root).hal.recv
    stores.remove_tree(root)
