"""A flood of one source does not keep out another one, and the work for all unknown sources has a limit."""

from support.device.sip_network import Dice
from testigo_wire.sip.limiter import FEW, LIMIT_US, PER_KNOWN_HOST, PER_SOURCE, SHARE_US, WINDOW_MS, Limiter

TOTAL = 150


def unknown():
    return False


def known():
    return True


def allowed(limiter, sources, datagram=b"OPTIONS sip:x"):
    return len([1 for source in sources if limiter.allows(source, datagram, unknown)])


def test_one_source_has_a_limit_for_each_window():
    limiter = Limiter(TOTAL * 1000 // WINDOW_MS, Dice(1))
    for now in (0, WINDOW_MS, 2 * WINDOW_MS):
        limiter.renew(now)
        assert allowed(limiter, [b"192.0.2.9"] * 1000) == PER_SOURCE
        limiter.renew(now + WINDOW_MS - 1)
        assert allowed(limiter, [b"192.0.2.9"] * 1000) == 0


def test_a_known_host_may_send_more():
    limiter = Limiter(TOTAL * 1000 // WINDOW_MS, Dice(1))
    limiter.renew(0)
    count = len([1 for _ in range(1000) if limiter.allows(b"192.0.2.9", b"INVITE ", known)])
    assert count == PER_KNOWN_HOST


def test_other_sources_are_not_kept_out():
    served = 0
    for seed in range(50):
        limiter = Limiter(TOTAL * 1000 // WINDOW_MS, Dice(seed))
        limiter.renew(0)
        allowed(limiter, [b"192.0.2.%d" % (i % 4) for i in range(800)], b"INVITE sip:x")
        served += limiter.allows(b"192.0.2.77", b"OPTIONS sip:x", unknown)
        served += limiter.allows(b"192.0.2.1 5061", b"OPTIONS sip:x", unknown)  # another port of a host that floods
    assert served >= 97, served


def test_all_unknown_sources_together_have_a_limit_for_each_kind():
    limiter = Limiter(TOTAL * 1000 // WINDOW_MS, Dice(1))
    limiter.renew(0)
    many = [b"10.0.%d.%d" % (i // 200, i % 200) for i in range(2000)]
    for kind in (b"INVITE sip:x", b"REGISTER sip:x", b"OPTIONS sip:x"):
        assert allowed(limiter, many, kind) == TOTAL, kind
        many = many[::-1]
        limiter.renew(0)
    for i in range(len(limiter._counters)):
        limiter._counters[i] = 0
    assert allowed(limiter, many, b"\x00noise") == TOTAL


def test_when_time_is_short_only_sources_that_sent_few_are_processed():
    limiter = Limiter(TOTAL * 1000 // WINDOW_MS, Dice(1))
    limiter.renew(0)
    limiter.spend(SHARE_US + 1)
    assert allowed(limiter, [b"192.0.2.9"] * 100) == FEW
    assert allowed(limiter, [b"192.0.2.10"]) == 1
    limiter.spend(LIMIT_US - SHARE_US)
    assert allowed(limiter, [b"192.0.2.11"]) == 0
    limiter.renew(WINDOW_MS)
    assert allowed(limiter, [b"192.0.2.11"]) == 1


def test_the_memory_is_fixed():
    limiter = Limiter(TOTAL * 1000 // WINDOW_MS, Dice(1))
    for now in range(0, 100 * WINDOW_MS, WINDOW_MS):
        limiter.renew(now)
        allowed(limiter, [b"10.%d.0.%d" % (now % 251, i) for i in range(50)])
    assert len(limiter._counters) == 512 and len(limiter._totals) == 4
