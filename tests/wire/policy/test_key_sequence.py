"""Sequences of keys among others."""

from testigo_wire.policy.key_sequence import GAP_MS, KeySequences


def typed(text, gap=500):
    made = KeySequences(["*1", "*0", "##2", ""])
    return [made.key(text[i], i * gap) for i in range(len(text))]


def test_sequence_is_found_at_its_last_key():
    assert typed("*1") == [-1, 0]
    assert typed("7*05*1") == [-1, -1, 1, -1, -1, 0]
    assert typed("###2") == [-1, -1, -1, 2]
    assert typed("*2*") == [-1, -1, -1]


def test_keys_far_apart_are_not_a_sequence():
    assert typed("*1", GAP_MS) == [-1, 0]
    assert typed("*1", GAP_MS + 1) == [-1, -1]


def test_key_counts_for_one_sequence_only():
    made = KeySequences(["11", ""])
    assert [made.key("1", t) for t in range(4)] == [-1, 0, -1, 0]
