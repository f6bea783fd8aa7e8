"""Files that come in pieces: the digest is computed as they come, whatever comes between the pieces."""

import os

from recorder import files
from recorder.documents import blobs
from recorder.storage.primitives import DEVICE
from support.device import stores

SIZE = 10000


def pieces(data, size=1000):
    return [(at, data[at : at + size]) for at in range(0, len(data), size)]


class Incoming:
    def __init__(self, root, name):
        self.path = root + "/" + name
        self.data = os.urandom(SIZE)
        self.digest = DEVICE.sha256(self.data)

    def receive(self, offset, piece, last=False):
        return blobs.receive(self.path, SIZE, self.digest, offset, piece, last, DEVICE.new_sha256)


def test_two_files_that_come_in_turns_and_a_restart_in_between():
    root = stores.fresh_root("blobs")
    two = [Incoming(root, "one"), Incoming(root, "two")]
    for index in range(10):
        for file in two:
            offset, piece = pieces(file.data)[index]
            assert file.receive(offset, piece) == (offset + len(piece), index == 9)
        if index == 4:
            blobs._coming = None  # as after a restart
    for file in two:
        assert files.read(file.path) == file.data
    stores.remove_tree(root)


def test_a_file_is_read_again_only_after_a_break():
    root = stores.fresh_root("blobs")
    file = Incoming(root, "one")
    hashed = []
    hash_file = blobs._hash
    blobs._hash = lambda path, sha256: hashed.append(files.size(path)) or hash_file(path, sha256)
    for index, (offset, piece) in enumerate(pieces(file.data)):
        if index == 6:
            blobs._coming = None
        file.receive(offset, piece)
    blobs._hash = hash_file
    assert hashed == [1000, 7000] and files.read(file.path) == file.data
    stores.remove_tree(root)


def test_a_changed_piece_is_noticed():
    root = stores.fresh_root("blobs")
    file = Incoming(root, "one")
    for offset, piece in pieces(file.data):
        if offset == 3000:
            piece = bytes(len(piece))
        result = file.receive(offset, piece)
    assert result == (0, False) and files.names(root) == []
    for offset, piece in pieces(file.data):
        result = file.receive(offset, piece)
    assert result == (SIZE, True)
    stores.remove_tree(root)
