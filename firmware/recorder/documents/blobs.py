"""Takes what a signed document names by digest and length, piece by piece: audio of notices, the list of objections.

What has come so far lies beside its place; the rename at the end is the one step that changes anything.
"""

import os

from recorder import files

CHUNK = 1024


def take(path, length, digest, offset, data, last, new_sha256):
    """-> (the offset to go on from, whether it is whole now). Offset 0 again: the whole had another digest."""
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
