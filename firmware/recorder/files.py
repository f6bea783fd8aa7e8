"""Small files that are complete or not there: written to another name, flushed, renamed.

MicroPython has no `os.replace`, `os.fsync` or `os.path`; `flush` of a file reaches
the disk on Unix and commits on LittleFS, and `rename` replaces its target on both.
"""

import os

ENOENT = 2

# What names end in.
PART = ".part"  # a write that is not complete; after a power cut it is removed at the start
GOT = ".got"  # the pieces that have come so far of a file that is sent in pieces
COPY = ".copy"  # a second copy, see documents/second_copy.py and storage/spool_leftovers.py
BAD = ".bad"  # set aside: damaged, or without a valid signature
SIGNED = ".tsd"  # a signed document in force
WAITING = ".new"  # a signed document that is not in force yet: what it names has not all come


def why(exc):
    """An exception in words, or the text that stands in its place. MicroPython has no text for the errors of a full disk."""
    if isinstance(exc, str):
        return exc
    if not isinstance(exc, OSError):
        return type(exc).__name__ + ": " + str(exc)
    number = exc.args[0] if exc.args else 0
    return "no space left (28)" if number == 28 else "only reading is possible (30)" if number == 30 else str(exc)


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


def set_aside(path, base=None):
    """Renames what is damaged, or a folder in the place of a file, to `path.bad` or `base.bad` -> whether it could."""
    try:
        os.rename(path, (base or path) + BAD)
    except OSError:
        return False
    return True


def is_folder(path):
    try:
        return os.stat(path)[0] & 0x4000 != 0
    except OSError:
        return False


def size(path):
    """Bytes, or -1 where there is no such file."""
    try:
        return os.stat(path)[6]
    except OSError:
        return -1


def remove(path):
    """Removes a file, if it is there. Raises OSError, also where the storage does not say whether it is."""
    try:
        os.stat(path)
    except OSError as exc:
        if exc.args[0] != ENOENT:
            raise
        return
    os.remove(path)


def names(folder):
    """What is in a folder, sorted. A name that is no text, as a torn entry of FAT may have, is left out."""
    found = []
    entries = os.ilistdir(folder)
    while True:
        try:
            found.append(next(entries)[0])
        except StopIteration:
            return sorted(found)
        except UnicodeError:
            pass


def make_folder(path):
    try:
        os.stat(path)
    except OSError:
        os.mkdir(path)
