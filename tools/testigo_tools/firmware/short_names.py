"""The names that private names and parameters get on the device.

First come names that MicroPython has in its own table of names, in every build for ESP32 and Unix (methods of its types, and
its modules math, random, uctypes, heapq, time, binascii): they take no heap. The table of other names doubles when it is full:
at 1,260 names it takes 10 KB more. Both lists have names that the firmware does not use, and none in common.
"""

ALPHABET = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"


def _words(text: str) -> list[str]:
    return text.split()


PRIVATE_IN_ROM = _words(
    "acos acosh asin asinh atan atan2 atanh ceil copysign cos cosh degrees erf erfc exp expm1 fabs floor fmod frexp "
    "isfinite isinf isnan ldexp lgamma log10 log2 modf pow radians sinh sqrt tan tanh trunc center difference_update "
    "fromkeys intersection intersection_update isalpha isdisjoint islower isspace issubset issuperset isupper popitem "
    "rindex setdefault splitlines symmetric_difference symmetric_difference_update union bound_method dict_view "
    "getrandbits randint randrange uniform choice execfile imag polar rect"
)
PARAMETERS = _words(
    "heapify heappop heappush mktime localtime ticks_cpu umount mkfs a2b_base64 b2a_base64 phase bytearray_at "
    "bytes_at addressof INT8 INT16 INT32 INT64 UINT8 UINT16 UINT32 UINT64 FLOAT32 FLOAT64"
) + list(ALPHABET)

ATTRIBUTES = PRIVATE_IN_ROM + PARAMETERS


def nth(number: int) -> str:
    """The short name of that number, from 0 on, for what may be a name of a module's top level."""
    return _of(PRIVATE_IN_ROM, number)


def nth_attribute(number: int) -> str:
    """The same for methods and attributes, which may be named like a parameter."""
    return _of(ATTRIBUTES, number)


def _of(first: list[str], number: int) -> str:
    if number < len(first):
        return first[number]
    number -= len(first)
    tail = ALPHABET[number % len(ALPHABET)]
    return "_" + tail if number < len(ALPHABET) else "_" + ALPHABET[number // len(ALPHABET) - 1] + tail
