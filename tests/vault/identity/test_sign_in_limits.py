"""Counts by place, and what counts as one place."""

import pytest

from testigo_vault.identity.sign_in_limits import _MAX_KEYS, Attempts, network_of


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("2001:db8:0:1:2:3:4:5", "2001:db8:0:1::/64"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("fe80::1%eth0", "fe80::/64"),
        ("::1", "::/64"),
        ("unknown address", "unknown address"),
        ("", ""),
        ("x" * 5000, "x" * 64),
    ],
)
def test_what_counts_as_one_address(address, network):
    assert network_of(address) == network


def test_attempts_lock_a_key_for_a_time():
    attempts = Attempts(3, 1000)
    assert [attempts.count("a", 0) for _ in range(4)] == [0, 0, 0, 1000]
    assert attempts.count("a", 400) == 600 and attempts.count("b", 400) == 0
    assert [attempts.count("a", 1000) for _ in range(4)] == [0, 0, 0, 1000]
    attempts.forget("a")
    assert attempts.count("a", 1000) == 0


def test_so_many_keys_are_remembered():
    attempts = Attempts(1, 1000)
    for number in range(3 * _MAX_KEYS):
        attempts.count(number, 0)
    assert len(attempts._counts) == _MAX_KEYS and attempts.count(3 * _MAX_KEYS - 1, 0) == 1000
