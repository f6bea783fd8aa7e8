"""Receives, piece by piece, a file that a signed document names by digest and length: audio, or the list of objections.

The pieces are kept beside the file's path; the rename at the end is the only step that changes what is in force.
"""

import os

from recorder import files

CHUNK = 1024

_coming = None  # (path, bytes, hash object): hashed as it comes, since a chip hashes a long file for seconds


def receive(path, length, digest, offset, data, last, new_sha256):
    """-> (the next offset, whether the file is complete now). Offset 0 again: the complete file had another digest."""
    global _coming
    have = max(0, files.size(path + files.GOT))
    if offset != have or have + len(data) > length:
        return have, False
    with open(path + files.GOT, "ab") as file:
        file.write(data)
    if _coming and _coming[:2] == (path, have):
        sha256 = _coming[2]
        sha256.update(data)
    else:  # the first piece, or the first one after a restart
        sha256 = new_sha256()
        _hash(path + files.GOT, sha256)
    have += len(data)
    _coming = path, have, sha256
    if have != length and not last:
        return have, False
    _coming = None
    if have != length or sha256.digest() != digest:
        files.remove(path + files.GOT)
        return 0, False
    os.rename(path + files.GOT, path)
    return have, True


def _hash(path, sha256):
    buffer = bytearray(CHUNK)
    view = memoryview(buffer)
    with open(path, "rb") as file:
        n = file.readinto(buffer)
        while n:
            sha256.update(view[:n])
            n = file.readinto(buffer)
