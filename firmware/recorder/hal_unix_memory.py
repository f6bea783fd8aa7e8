"""Keeps the process in memory (mlockall(2)), so that no packet waits for a page from the disk. Loaded once."""

import ffi

MCL_CURRENT = 1
MCL_FUTURE = 2


def lock():
    """Whether the system let it: RLIMIT_MEMLOCK says how much may be locked."""
    return ffi.open(None).func("i", "mlockall", "i")(MCL_CURRENT | MCL_FUTURE) == 0
