"""Receives, piece by piece, a file that a signed document names by digest and length: audio, or the list of objections.

The pieces are kept beside the file's path; the rename at the end is the only step that changes what is in force.
"""

import os

from recorder import files

CHUNK = 1024


def receive(path, length, digest, offset, data, last, new_sha256):
    """-> (the next offset, whether the file is complete now). Offset 0 again: the complete file had another digest."""
    have = max(0, files.size(path + files.GOT))
    if offset != have or have + len(data) > length:
        return have, False
    with open(path + files.GOT, "ab") as file:
        file.write(data)
    have += len(data)
    if have != length and not last:
        return have, False
    if have != length or _digest(path + files.GOT, new_sha256()) != digest:
        files.remove(path + files.GOT)
        return 0, False
    os.rename(path + files.GOT, path)
    return have, True


def _digest(path, sha256):
    buffer = bytearray(CHUNK)
    view = memoryview(buffer)
    with open(path, "rb") as file:
        n = file.readinto(buffer)
        while n:
            sha256.update(view[:n])
            n = file.readinto(buffer)
    return sha256.digest()
