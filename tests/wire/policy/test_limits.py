"""How many calls can work, and why not more."""

from testigo_wire.policy import limits
from testigo_wire.policy.limits import beyond, check


def test_what_is_enough_is_not_limited():
    assert check(2, 16384, 16391) == (2, "")
    assert check(limits.MOST, 16384, 16384 + 4 * limits.MOST - 1) == (limits.MOST, "")
    assert check(40, 16384, 16600, limits.heap_for(40, True), True, 3 * 40 + 24) == (40, "")
    assert check(2, 16384, 16400, limits.heap_for(2, False), False) == (2, "")


def test_each_limit_names_itself_and_the_way_out():
    for arguments, calls, words in (
        ((1000, 10000, 20000), limits.MOST, "one appliance takes 200"),
        ((40, 16384, 16484), 25, "rtp_last_port 16543 is needed"),
        ((40, 16384, 16600, limits.heap_for(12, True)), 12, "3160 KiB are needed"),
        ((3, 16384, 16600, limits.heap_for(2, False), False), 2, "258 KiB are needed"),
        ((40, 16384, 16600, None, True, 64), 13, "opens 64 files and sockets, enough for 13"),
    ):
        found, why = check(*arguments)
        assert (found, words in why) == (calls, True), (found, why)


def test_the_smallest_limit_is_named():
    calls, why = check(1000, 16384, 16484, limits.heap_for(3, True))
    assert calls == 3 and "heap" in why


def test_one_call_is_always_taken():
    """A chip whose heap is too small for a call has settings all the same: they hold its network."""
    assert check(1, 16384, 16400, 100000, False) == (1, "")
    assert check(5, 16384, 16400, 100000, False)[0] == 1
    assert check(2, 16384, 16386)[0] == 1


def test_ports_count_at_even_numbers():
    assert check(2, 16384, 16390)[0] == 1  # 16384, 16386, 16388
    assert check(2, 16384, 16391)[0] == 2


def test_calls_beyond_the_limit_leave_ports_and_handles_for_an_emergency_call():
    for arguments, calls in (
        ((2, 16384, 16484), 2),  # as many again at most
        ((2, 16384, 16395), 0),  # three calls: the last one is an emergency call
        ((2, 16384, 16399), 1),
        ((2, 16384, 16391), 0),
        ((2, 16384, 16484, 36), 1),  # a chip
        ((4, 16384, 16484, 36), 0),
        ((1, 16384, 16386), 0),
        ((limits.MOST, 16384, 32767), 0),
        ((150, 16384, 32767), limits.MOST - 151),
    ):
        assert beyond(*arguments) == calls, arguments
