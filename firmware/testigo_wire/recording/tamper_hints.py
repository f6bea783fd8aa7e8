"""Finds which two neighbours changed places in a recording whose chain is broken.

Frames of different streams are authentic, and their counters right, in either order: only the chain shows that they were
swapped.
"""

from testigo_wire.compat import const
from testigo_wire.recording.items import Chain

# The work grows with the square of the number of items; this is some 2000 items, about a second on a small computer.
_MOST = const(2000000)


def swapped_neighbours(primitives, digests, head):
    """-> the index of the first of two neighbours whose exchange gives the chain this head, or None."""
    count = len(digests)
    chain = Chain(primitives)
    work = 0
    for first in range(count - 1):
        before = chain.head
        chain.add_digest(digests[first + 1])
        chain.add_digest(digests[first])
        for digest in digests[first + 2 :]:
            chain.add_digest(digest)
        if chain.head == head:
            return first
        chain.head = before
        chain.add_digest(digests[first])
        work += count - first
        if work > _MOST:
            break
    return None
