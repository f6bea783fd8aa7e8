"""Deterministic CBOR (RFC 8949, section 4.2.1): one value has one encoding, and only that encoding is read.

Integers of 64 bits, byte strings, text, arrays, maps with integer, byte or text keys, booleans, null, tags, floats.
Refused: indefinite lengths, bignums (tags 2 and 3), undefined and other simple values.
"""

from testigo_wire.compat import const
from testigo_wire.errors import WireError

_UINT = const(0)
_NEGATIVE = const(1)
_BYTES = const(2)
_TEXT = const(3)
_ARRAY = const(4)
_MAP = const(5)
_TAG = const(6)
_OTHER = const(7)

# How deep items may nest: enough for every format of the project, and little enough for a chip's stack.
MAX_DEPTH = const(12)
MAX_SIZE = const(65536)


class CborError(WireError):
    """Not deterministic CBOR, or a value that has no encoding here."""


class Incomplete(CborError):
    """The data ends inside the item; `needed` is how many bytes from its start it has at least."""

    def __init__(self, needed):
        super().__init__("ends inside an item")
        self.needed = needed


class Tag:
    """A tagged value (section 3.4)."""

    def __init__(self, number, value):
        self.number = number
        self.value = value

    def __eq__(self, other):
        return isinstance(other, Tag) and self.number == other.number and self.value == other.value

    def __hash__(self):
        return hash(self.number)


def encode(value):
    """-> bytes: the one deterministic encoding of `value`."""
    out = bytearray()
    _write(out, value, 0)
    return bytes(out)


def write_head(out, major, number):
    """Append the head of an item: major type 0..7 and its argument (section 3)."""
    major <<= 5
    if number < 24:
        out.append(major | number)
    elif number < 0x100:
        out.append(major | 24)
        out.append(number)
    else:
        size = 2 if number < 0x10000 else 4 if not number >> 32 else 8
        if number >> 64:
            raise CborError("integer beyond 64 bits")
        out.append(major | (25 if size == 2 else 26 if size == 4 else 27))
        out.extend(number.to_bytes(size, "big"))


def _write(out, value, depth):
    if depth > MAX_DEPTH:
        raise CborError("nested too deep")
    if value is None:
        out.append(0xF6)
    elif value is True or value is False:
        out.append(0xF5 if value else 0xF4)
    elif isinstance(value, int):
        if value < 0:
            write_head(out, _NEGATIVE, -1 - value)
        else:
            write_head(out, _UINT, value)
    elif isinstance(value, (bytes, bytearray, memoryview)):
        write_head(out, _BYTES, len(value))
        out.extend(value)
    elif isinstance(value, str):
        try:
            text = value.encode()
        except UnicodeError:
            raise CborError("text is not Unicode")
        write_head(out, _TEXT, len(text))
        out.extend(text)
    elif isinstance(value, (list, tuple)):
        write_head(out, _ARRAY, len(value))
        for part in value:
            _write(out, part, depth + 1)
    elif isinstance(value, dict):
        write_head(out, _MAP, len(value))
        # Sorted by the bytes of the encoded keys; a MicroPython dict has no order of its own.
        for key, part in sorted([(encode(key), key) for key in value]):
            _check_key(part)
            out.extend(key)
            _write(out, value[part], depth + 1)
    elif isinstance(value, Tag):
        if value.number in (2, 3):
            raise CborError("bignum")
        write_head(out, _TAG, value.number)
        _write(out, value.value, depth + 1)
    elif isinstance(value, float):
        from testigo_wire.encoding import cbor_float

        out.extend(cbor_float.encode(value))
    else:
        raise CborError("no encoding for this type")


def _check_key(key):
    # 1, True and 1.0 are one key to Python and three to CBOR.
    if key is True or key is False or not isinstance(key, (int, str, bytes)):
        raise CborError("map key type")


def decode(data, limit=MAX_SIZE):
    """-> the value of the one item that `data` is."""
    try:
        value, end = decode_prefix(data, 0, limit)
    except Incomplete:
        # Without `from`: MicroPython has no chaining and prints a warning on the console, which is the serial link.
        raise CborError("ends inside an item")
    if end != len(data):
        raise CborError("bytes after the item")
    return value


def decode_prefix(data, offset=0, limit=MAX_SIZE):
    """-> (value, end): the item that begins at `offset`; raises Incomplete when `data` ends before it does.

    An item longer than `limit` bytes is refused as soon as its length is known.
    """
    return _read(data, offset, offset, offset + limit, 0)


def read_head(data, offset, origin=0):
    """-> (major, argument, end) of the item head at `offset` (section 3), which must be the shortest form."""
    if offset >= len(data):
        raise Incomplete(offset + 1 - origin)
    first = data[offset]
    major = first >> 5
    number = first & 31
    offset += 1
    if number < 24:
        return major, number, offset
    if number > 27:
        raise CborError("indefinite length" if number == 31 else "reserved head")
    size = 1 << (number - 24)
    end = offset + size
    if end > len(data):
        raise Incomplete(end - origin)
    number = int.from_bytes(bytes(data[offset:end]), "big")
    if major != _OTHER and (number < 24 if size == 1 else not number >> (size * 4)):
        raise CborError("head is not the shortest")
    return major, number, end


def _read(data, offset, origin, stop, depth):
    if depth > MAX_DEPTH:
        raise CborError("nested too deep")
    if offset >= stop:
        raise CborError("item too long")
    head = offset
    major, number, offset = read_head(data, offset, origin)
    if major == _UINT:
        return number, offset
    if major == _NEGATIVE:
        return -1 - number, offset
    if major == _OTHER:
        return _read_other(data, head, number, offset)
    if major == _TAG:
        if number in (2, 3):
            raise CborError("bignum")
        value, offset = _read(data, offset, origin, stop, depth + 1)
        return Tag(number, value), offset
    if number > stop - offset:
        raise CborError("item too long")
    if major <= _TEXT:
        end = offset + number
        if end > len(data):
            raise Incomplete(end - origin)
        value = bytes(data[offset:end])
        return value if major == _BYTES else _text(value), end
    if major == _ARRAY:
        items = []
        while number:
            value, offset = _read(data, offset, origin, stop, depth + 1)
            items.append(value)
            number -= 1
        return items, offset
    return _read_map(data, offset, origin, stop, depth, number)


def _read_map(data, offset, origin, stop, depth, number):
    items = {}
    last = b""
    while number:
        key, end = _read(data, offset, origin, stop, depth + 1)
        _check_key(key)
        encoded = bytes(data[offset:end])
        if encoded <= last:
            raise CborError("map keys repeat or are not sorted")
        last = encoded
        items[key], offset = _read(data, end, origin, stop, depth + 1)
        number -= 1
    return items, offset


def _read_other(data, head, number, end):
    size = end - head
    if size >= 3:
        from testigo_wire.encoding import cbor_float

        value = bytes(data[head:end])
        number = cbor_float.decode(value)
        if cbor_float.encode(number) != value:
            raise CborError("float is not the shortest")
        return number, end
    if size == 1 and 20 <= number <= 22:
        return (False, True, None)[number - 20], end
    raise CborError("simple value")


def _text(value):
    # MicroPython lets overlong forms, surrogates and numbers beyond U+10FFFF through (RFC 3629, section 4).
    last = 0
    for byte in value:
        if (
            byte in (0xC0, 0xC1)
            or byte > 0xF4
            or (last == 0xE0 and byte < 0xA0)
            or (last == 0xED and byte > 0x9F)
            or (last == 0xF0 and byte < 0x90)
            or (last == 0xF4 and byte > 0x8F)
        ):
            raise CborError("text is not UTF-8")
        last = byte
    try:
        return str(value, "utf-8")
    except UnicodeError:
        raise CborError("text is not UTF-8")
