"""The two legs of a call and the packets between them: sessions agreed by SDP, media forwarded or not."""

from recorder.media import fast_path
from recorder.media.leg import FAR, NEAR
from recorder.media.relay import Relay
from testigo_wire.sip import call as sip_call

MEDIA_TIMEOUT_MS = 300000
HOLD_TIMEOUT_MS = 7200000


class Bridge:
    """first: the leg whose INVITE came in. second: the leg that the appliance calls. on_key(side, digit): a key by RFC 4733."""

    def __init__(self, hal, first, second, tap, on_key):
        self.first = first
        self.second = second
        self.legs = (first, second) if first.side == NEAR else (second, first)
        self.relays = tuple(Relay(side, tap, hal.random(4), on_key) for side in (NEAR, FAR))
        self.up = False  # packets have been forwarded: the conversation has begun
        self.closed = False  # its ports are free
        self._since = 0
        self._hal = hal
        self.unanswered = [None, None]  # of each leg: the re-INVITE whose SDP answer comes with the ACK

    def leg_of(self, sip):
        return self.first if sip is self.first.sip else self.second

    def encodings(self):
        return [leg.agreed.encoding if leg.agreed else "PCMU" for leg in self.legs]

    def route(self, leg):
        """The leg has a session: receives its packets, and sends it those of the other leg, or a notice."""
        leg.listen(self.relays[leg.side])
        self.relays[1 - leg.side].set_sink(leg.sock, leg.agreed.event_type)

    def forward(self, on):
        """Forwards packets between the parties from now on, or stops."""
        for relay in self.relays:
            relay.set_forwarding(on)
        if on and not self.up:
            self.up = True
            self._since = fast_path.ticks()

    @property
    def supports_record_aware(self):
        """Whether a telephone of the call understands a=record."""
        return self.first.supports_record_aware or self.second.supports_record_aware

    def media_timed_out(self, now, limit=MEDIA_TIMEOUT_MS):
        """Whether neither party has sent a packet for so long that their BYE must have been lost. On hold it takes longer."""
        if self.legs[NEAR].held or self.legs[FAR].held:
            limit = HOLD_TIMEOUT_MS
        if fast_path.since(now, self._since) < limit:
            return False
        for side in (NEAR, FAR):
            if fast_path.since(now, self.relays[side].state[fast_path.SENT_MS]) < limit:
                return False
        return True

    def hang_up(self, status):
        now = self._hal.ms()
        for leg in self.legs:
            if leg.sip and leg.sip.state != sip_call.TERMINATED:
                leg.sip.hang_up(now, status)

    def close(self):
        for leg in self.legs:
            leg.close()
        self.closed = True
