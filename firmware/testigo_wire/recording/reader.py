"""Reads a sealed recording as its bytes come (docs/formats/recording.md)."""

from testigo_wire.encoding import cbor
from testigo_wire.errors import WireError
from testigo_wire.recording.item_parser import parse_item


class ReadError(WireError):
    """An item that cannot be read; `index` and `offset` say which. What follows it cannot be read either."""

    def __init__(self, index, offset, text):
        super().__init__("item %d at byte %d: %s" % (index, offset, text))
        self.index = index
        self.offset = offset
        self.text = text


class Reader:
    """Bytes in, items out. `offset`: of the first byte not yet part of an item; `index`: of the next item."""

    def __init__(self):
        self.index = 0
        self.offset = 0
        self._rest = b""
        self._needed = 1
        self._error = None
        self._suite = 1

    def feed(self, data):
        """-> [Item, ...] that are whole now, each with index, offset and raw; keeps at most one item's bytes.

        An item that cannot be read raises ReadError at the next call, after the items before it were given.
        """
        if self._error:
            raise self._error
        data = self._rest + bytes(data)
        items = []
        at = 0
        if len(data) >= self._needed:
            self._needed = 1
            try:
                while at < len(data):
                    item, end = parse_item(data, at, self._suite)
                    if item.kind == "header":
                        self._suite = item.fields[8]
                    item.index = self.index
                    item.offset = self.offset
                    item.raw = data[at:end]
                    items.append(item)
                    self.index += 1
                    self.offset += end - at
                    at = end
            except cbor.Incomplete as error:
                self._needed = error.needed
            except WireError as error:
                self._error = ReadError(self.index, self.offset, str(error))
        self._rest = data[at:]
        return items

    def finish(self):
        """Raise ReadError unless the data ended with an item."""
        if self._error:
            raise self._error
        if self._rest:
            raise ReadError(self.index, self.offset, "cut short")
