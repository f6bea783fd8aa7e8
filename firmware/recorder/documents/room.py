"""Whether a document, or a file that it names, has room: what a recording needs stays free. Loaded when it is needed."""

from recorder.storage.recordings import FREE_TO_RECORD

SMALL = 8192  # bytes: longer ones are audio or lists
KEPT_FREE = 16384  # for state, time, log and seed


def lacks(hal, length):
    """Why `length` bytes more cannot be stored beside the older version, or "". Raises OSError.

    A policy, or settings, may come while recordings that wait for the vault fill the flash; what is large may not.
    """
    free = hal.free_bytes(hal.root)
    kept = FREE_TO_RECORD if length > SMALL and hal.spool_root == hal.root else KEPT_FREE
    if free - length >= kept:
        return ""
    sizes = ((length + 1023) // 1024, free // 1024, kept // 1024)
    return "no room: it needs %d KiB, %d KiB are free, of which %d KiB are kept for recordings" % sizes
