"""Puts the names of the spool's folder in order before recordings are closed. Loaded for that, and unloaded afterwards.

A power cut, or a write that failed, leaves parts of copies, marks without a recording, and on FAT more than that: FAT has no
rename in one step. A target that exists is removed, then the new name is written, then the old one is removed. In between the
copy has the only name (`00000001.open.part`), or a file has two names with the same clusters, and removing one of them would
free the clusters of both. A name whose long form was removed and whose short form was not is seen as `000000~1.OPE`.
"""

import os

from recorder import files
from recorder.storage.primitives import steps
from recorder.storage.spool import BAD, ERASE, FAULT, FULL, OPEN, SEALED, TAIL, write_all
from testigo_wire.encoding import cbor

COPY = files.COPY  # of a file that has two names, until both are removed
PIECE = 2048
LAST_NUMBER = 100000000  # a name has eight digits
ERASED = OPEN + files.PART  # the copy without the audio, see erasing.py
# Every rename in the spool: from, to.
RENAMES = [(ERASED, OPEN), (ERASED, FULL), (ERASED, FAULT), (SEALED + files.PART, SEALED), (OPEN, FULL), (OPEN, FAULT)]
RENAMES += [(a, b) for a in (OPEN, FULL, FAULT) for b in (SEALED, BAD)] + [(SEALED, BAD)]
SHORT = {"OPE": OPEN, "FUL": FULL, "FAU": FAULT, "PAR": OPEN, "COP": OPEN, "ERA": OPEN}


async def tidy(spool, active):
    """-> numbers of which no file may be removed now. active: numbers that are not touched. Raises OSError."""
    unsafe = []
    for name in files.names(spool.folder):
        if _is_short(name):
            await _try(spool, name, _settle_short(spool, name, active), unsafe)
    number, found = "", []
    for name in files.names(spool.folder) + ["end"]:  # sorted: those of a number follow each other
        if name[:8] != number:
            if found[1:] or found and found[0].endswith((files.PART, COPY, ERASE)):
                await _try(spool, number, _settle(spool, number, found), unsafe)
            number, found = name[:8], []
        if not number.isdigit():
            if name.endswith(files.PART):
                await _try(spool, name, _remove(spool.folder + "/" + name), unsafe)
        elif int(number) not in active:
            found.append(name[8:])
    return unsafe


def _tell(spool, number):
    spool.log("recording %d: a rename that was cut is finished" % int(number))


def _is_short(name):
    """Whether FAT made this name of one of ours, as 000000~1.OPE."""
    digits, tilde, rest = name.partition("~")
    return bool(tilde) and digits.isdigit() and rest.rpartition(".")[2].upper() in SHORT


async def _try(spool, name, work, unsafe):
    """One name that cannot be put in order does not keep the others from it."""
    try:
        if await work:
            return
    except (OSError, MemoryError) as exc:
        spool.log.fault("leftover " + name, exc)
    if name[:8].isdigit():
        unsafe.append(int(name[:8]))


async def _remove(path):
    files.remove(path)
    return True


async def _settle(spool, number, found):
    """found: the suffixes of that number. -> whether its files may be removed."""
    base = spool.folder + "/" + number
    for old, new in RENAMES:
        if new in found and (old in found or new + COPY in found):
            if await _settle_twins(spool, base, old, new, found):
                found = [suffix for suffix in found if suffix not in (old, new + COPY)]
    for suffix in found:
        if suffix.endswith(COPY) and suffix[: -len(COPY)] not in found:
            os.rename(base + suffix, base + suffix[: -len(COPY)])
            _tell(spool, number)
            found = [other for other in found if other != suffix] + [suffix[: -len(COPY)]]
    whole = [suffix for suffix in found if suffix in (OPEN, FULL, FAULT, SEALED, BAD)]
    if ERASED in found and not whole:
        os.rename(base + ERASED, base + OPEN)
        _tell(spool, number)
        return True
    for suffix in found:
        unfinished = [other for other in whole if other not in (SEALED, BAD)]
        if suffix.endswith((files.PART, COPY)) or suffix == ERASE and not unfinished:
            files.remove(base + suffix)
    return True


async def _settle_twins(spool, base, old, new, found):
    """Whether both names were of one file, and `new` is now its only one. Raises OSError: neither may be removed."""
    copy = base + new + COPY
    size = files.size(base + new)
    copied = new + COPY in found and files.size(copy) == size
    if not copied:
        if old not in found or not size or not await steps(_same_steps(base + old, base + new)):
            return False
        await steps(_copy_steps(base + new, copy))
    files.remove(base + old)
    files.remove(base + new)
    os.rename(copy, base + new)
    _tell(spool, base[-8:])
    return True


async def _settle_short(spool, name, active):
    path = spool.folder + "/" + name
    number = _number(path)
    if number is None:
        files.remove(path)  # a mark, or a call that had not begun
        spool.log("removed: %s, no recording" % name)
        return True
    if number in active:
        return True
    others = [s for s in (OPEN, FULL, FAULT, SEALED, BAD) if files.size(spool.path(number, s)) >= 0]
    for other in others:
        if files.size(spool.path(number, other)) == files.size(path):
            if await steps(_same_steps(path, spool.path(number, other))):
                free = [old for old, new in RENAMES if new == other and files.size(spool.path(number, old)) < 0]
                if free:  # from here on it is as if the rename had not lost the long name
                    os.rename(path, spool.path(number, free[0]))
                return bool(free)
    if others or files.size(spool.path(number, ERASED)) >= 0:
        files.remove(path)
        spool.log("removed: %s, a rest of recording %d" % (name, number))
    else:
        os.rename(path, spool.path(number, SHORT[name.rpartition(".")[2].upper()]))
        _tell(spool, number)
    return True


def _number(path):
    """-> the number in the header of a recording, or None where there is no header. Raises OSError."""
    with open(path, "rb") as file:
        data = file.read(TAIL)
    try:
        header = cbor.decode_prefix(data)[0]
    except cbor.CborError:
        return None
    if not isinstance(header, list) or len(header) < 5 or header[0] != "testigo":
        return None
    return header[4] if isinstance(header[4], int) and 0 < header[4] < LAST_NUMBER else None


def _same_steps(one, other):
    """-> whether both files have the same bytes. Raises OSError."""
    if files.size(one) != files.size(other):
        return False
    with open(one, "rb") as a, open(other, "rb") as b:
        while True:
            piece = a.read(PIECE)
            if piece != b.read(PIECE):
                return False
            if not piece:
                return True
            yield


def _copy_steps(source, target):
    try:
        with open(source, "rb") as a, open(target, "wb") as b:
            piece = a.read(PIECE)
            while piece:
                write_all(b, piece)
                yield
                piece = a.read(PIECE)
            b.flush()
    except OSError:
        files.remove(target)
        raise
