"""Reads a recording from a file item by item, in one buffer: to erase a stream, or to find where a cut one ends.

A recording may be long and there may be calls meanwhile, so both yield after every item (run them like `p256.finish`).
"""

from testigo_wire.encoding import cbor
from testigo_wire.errors import WireError
from testigo_wire.recording import items as recording
from testigo_wire.recording.item_parser import parse_item


def iter_items(readinto, buffer):
    """Yield (Item, start, end) of each whole item, its bytes in `buffer`; returns how many bytes at the end are none.

    readinto(view) -> bytes read, 0 at the end. The buffer has to hold recording.MAX_ITEM bytes, or the longest item.
    """
    view = memoryview(buffer)
    have = 0
    suite = 1
    while True:
        count = readinto(view[have:]) if have < len(buffer) else 0
        have += count or 0
        at = 0
        data = view[:have]
        while at < have:
            try:
                item, end = parse_item(data, at, suite)
            except cbor.Incomplete:
                break
            if item.kind == "header":
                suite = item.fields[8]
            yield item, at, end
            at = end
        if not count:
            return have - at
        view[: have - at] = view[at:have]
        have -= at


def erase_steps(primitives, readinto, sink, buffer, stream=recording.AUDIO):
    """Copy a recording from readinto to sink(item) with `gone` in place of a stream's items.

    -> how many items were erased. A cut last item is not copied. Raises WireError when it is no recording.
    """
    erased = 0
    view = memoryview(buffer)
    for item, start, end in iter_items(readinto, buffer):
        if item.stream == stream:
            sink(recording.encode_gone(primitives.sha256(view[start:end])))
            erased += 1
        else:
            sink(view[start:end])
        yield
    return erased


class RecoveredState:
    """What is known from the file of a cut recording: enough to close it without any key.

    `header`: the fields of its first item, or None when not even that is whole. `header_digest`: its SHA-256.
    `length`: of the whole items before a seal, in bytes. `items`, `head`: of the chain. `counters`: the next counter of each
    stream. `erased`: how many items are gone. `sealed`: the fields of a seal that follows, whose count and head are those of
    the items, or None; its signature is not checked here. `sealed_length`: with that seal.
    """

    def __init__(self):
        self.header = self.header_digest = self.head = None
        self.length = self.sealed_length = self.items = self.erased = 0
        self.counters = [0, 0]
        self.sealed = None

    def seal_digest(self, primitives, closed_ms, reason="power-loss"):
        """-> the 32 bytes to sign."""
        return recording.seal_digest(primitives, self.header[2], self.items, self.head, closed_ms, reason)

    def seal(self, closed_ms, signature, reason="power-loss"):
        """-> the item to append at `length`."""
        return recording.encode_seal(self.items, self.head, closed_ms, reason, signature)


def resume_steps(primitives, readinto, buffer):
    """Read as far as items are whole and in their place; what a torn write left ends it -> RecoveredState."""
    found = RecoveredState()
    chain = recording.Chain(primitives)
    opened = [False, False]
    view = memoryview(buffer)
    try:
        for item, start, end in iter_items(readinto, buffer):
            kind = item.kind
            if (kind == "header") != (found.header is None):
                break
            if kind == "seal":
                if item.fields[1] == chain.items and item.fields[2] == chain.head:
                    found.sealed = item.fields
                    found.sealed_length = found.length + end - start
                break
            if kind == "frame":
                # Only erased frames leave a hole in the counters.
                if not opened[item.stream] or item.ctr != found.counters[item.stream]:
                    break
                found.counters[item.stream] += 1
            elif kind == "keys":
                if opened[item.stream]:
                    break
                opened[item.stream] = True
            if kind == "gone":
                chain.add_digest(item.fields[1])
                found.erased += 1
            else:
                digest = chain.add(view[start:end])
                if kind == "header":
                    found.header = item.fields
                    found.header_digest = digest
            found.length += end - start
            yield
    except WireError:
        # The file system may leave garbage after the last whole write: only the items before it count.
        pass
    found.items = chain.items
    found.head = chain.head
    return found
