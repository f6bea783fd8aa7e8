"""Small files that are complete or not there: written to another name, flushed, renamed.

MicroPython has no `os.replace`, `os.fsync` or `os.path`; `flush` of a file reaches
the disk on Unix and commits on LittleFS, and `rename` replaces its target on both.
"""

import os

# What names end in.
PART = ".part"  # a write that is not complete; after a power cut it is removed at the start
GOT = ".got"  # the pieces that have come so far of a file that is sent in pieces
BAD = ".bad"  # set aside: damaged, or without a valid signature
SIGNED = ".tsd"  # a signed document in force
WAITING = ".new"  # a signed document that is not in force yet: what it names has not all come


def read(path):
    """The file's bytes, or None where there is no such file."""
    try:
        with open(path, "rb") as file:
            return file.read()
    except OSError:
        return None


def replace(path, data):
    """Afterwards, and after a power cut at any moment, `path` holds all of the old or all of the new."""
    with open(path + PART, "wb") as file:
        file.write(data)
        file.flush()
    os.rename(path + PART, path)


def size(path):
    """Bytes, or -1 where there is no such file."""
    try:
        return os.stat(path)[6]
    except OSError:
        return -1


def remove(path):
    if size(path) >= 0:
        os.remove(path)


def names(folder):
    return sorted(entry[0] for entry in os.ilistdir(folder))


def make_folder(path):
    try:
        os.stat(path)
    except OSError:
        os.mkdir(path)


def remove_parts(folder):
    for name in names(folder):
        if name.endswith(PART):
            os.remove(folder + "/" + name)
