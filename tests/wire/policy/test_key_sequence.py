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
    assert GAP_MS == 3000
    assert typed("*1", GAP_MS) == [-1, 0]
    assert typed("*1", GAP_MS + 1) == [-1, -1]


def test_the_gap_is_measured_from_the_key_before():
    """However late in the call the keys are pressed."""
    made = KeySequences(["*12"])
    assert [made.key("*12"[i], 60000 + i * GAP_MS) for i in range(3)] == [-1, -1, 0]


def test_the_longest_sequence_of_a_policy_is_recognised():
    made = KeySequences(["123456"])
    assert [made.key(digit, 0) for digit in "9123456"] == [-1] * 6 + [0]


def test_key_counts_for_one_sequence_only():
    made = KeySequences(["11", ""])
    assert [made.key("1", t) for t in range(4)] == [-1, 0, -1, 0]
