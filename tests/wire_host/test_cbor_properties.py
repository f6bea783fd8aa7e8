"""Whatever the decoder takes, the encoder gives back byte for byte; whatever is encoded is decoded to the same."""

from hypothesis import given, settings
from hypothesis import strategies as st

from testigo_wire.encoding import cbor

KEYS = st.one_of(st.integers(-(2**64), 2**64 - 1), st.text(max_size=6), st.binary(max_size=6))
VALUES = st.recursive(
    st.one_of(
        st.none(), st.booleans(), st.integers(-(2**64), 2**64 - 1), st.text(max_size=40), st.binary(max_size=40),
        st.floats(allow_nan=False),
    ),
    lambda inner: st.one_of(st.lists(inner, max_size=5), st.dictionaries(KEYS, inner, max_size=5)),
    max_leaves=20,
)  # fmt: skip


@settings(max_examples=500, deadline=None)
@given(VALUES)
def test_round_trip(value):
    data = cbor.encode(value)
    assert cbor.decode(data) == value
    assert cbor.encode(cbor.decode(data)) == data


@settings(max_examples=2000, deadline=None)
@given(st.binary(max_size=40))
def test_what_is_taken_has_one_encoding(data):
    try:
        value, end = cbor.decode_prefix(data)
    except cbor.CborError:
        return
    assert cbor.encode(value) == data[:end]


@settings(max_examples=300, deadline=None)
@given(VALUES, st.data())
def test_every_cut_is_incomplete(value, data):
    item = cbor.encode(value)
    cut = data.draw(st.integers(0, len(item) - 1))
    try:
        cbor.decode_prefix(item[:cut])
    except cbor.Incomplete as error:
        assert cut < error.needed <= len(item)
    else:
        raise AssertionError("taken")
