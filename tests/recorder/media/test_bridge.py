"""When the media of a call has timed out."""

from recorder.media import fast_path
from recorder.media.bridge import HOLD_TIMEOUT_MS, MEDIA_TIMEOUT_MS, Bridge
from recorder.media.leg import FAR, NEAR, Leg
from recorder.media.tap import Tap
from support.device import stores
from support.device.two_phone_rig import HOST, ports


class Rig:
    """A bridge of two legs on real sockets, whose parties talk at `begun`."""

    def __init__(self):
        self.root = stores.fresh_root("bridge")
        hal = stores.hal_unix.Hal(stores.Board, {"root": self.root, "console": "no"})
        first = ports()
        self.legs = [Leg(hal, side, HOST, (first, first + 10)) for side in (NEAR, FAR)]
        self.bridge = Bridge(hal, self.legs[FAR], self.legs[NEAR], Tap(hal), None)
        self.bridge.forward(True)
        self.begun = fast_path.ticks()

    def sends(self, side, ms):
        """A packet of this side goes out, `ms` after the begin."""
        self.bridge.relays[side].state[fast_path.SENT_MS] = (self.begun + ms) & fast_path.TICKS_MASK

    def timed_out(self, ms, *limit):
        return self.bridge.media_timed_out((self.begun + ms) & fast_path.TICKS_MASK, *limit)

    def close(self):
        self.bridge.close()
        stores.remove_tree(self.root)


def test_a_call_in_which_nobody_sends_ends_after_five_minutes():
    assert MEDIA_TIMEOUT_MS == 5 * 60 * 1000
    for side in (NEAR, FAR):
        r = Rig()
        for other in (NEAR, FAR):
            r.sends(other, 0)
        assert not r.timed_out(MEDIA_TIMEOUT_MS - 100), "since the conversation began"
        r.sends(side, 60000)
        assert not r.timed_out(60000 + MEDIA_TIMEOUT_MS - 1), "one party still sends"
        assert r.timed_out(60000 + MEDIA_TIMEOUT_MS)
        r.close()


def test_on_hold_it_takes_two_hours_whoever_holds():
    assert HOLD_TIMEOUT_MS == 2 * 3600 * 1000
    for side in (NEAR, FAR):
        r = Rig()
        for other in (NEAR, FAR):
            r.sends(other, 0)
        r.legs[side].held = True
        assert not r.timed_out(HOLD_TIMEOUT_MS - 100)
        assert r.timed_out(HOLD_TIMEOUT_MS + 100)
        r.legs[side].held = False
        assert r.timed_out(HOLD_TIMEOUT_MS - 100), "the hold is over"
        r.close()


def test_a_call_may_have_a_limit_of_its_own():
    r = Rig()
    for side in (NEAR, FAR):
        r.sends(side, 0)
    assert not r.timed_out(MEDIA_TIMEOUT_MS + 100, HOLD_TIMEOUT_MS)
    assert r.timed_out(HOLD_TIMEOUT_MS + 100, HOLD_TIMEOUT_MS)
    r.close()
