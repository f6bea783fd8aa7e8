"""Emergency calls: connected at once, past every rule, and when all places are taken.

Ports for one of them are kept back from the start, and on boards with room its buffers and heap for its messages. While they
are in use an ordinary call gives way: the youngest, whose parties hear a tone. For some time after an emergency call incoming
calls are connected at once too, since an emergency centre calls back from numbers that nobody can list. The record is made
after the call; see emergency_record.py.
"""

from recorder import files
from recorder.call.emergency import FILE
from recorder.call.unrecorded_call import CALL_BACK, EMERGENCY, PLACE_MS, TITLES, UnrecordedCall
from recorder.loading import unload
from recorder.media.leg import FAR, NEAR, Leg, PortError
from testigo_wire.encoding import cbor
from testigo_wire.policy.emergency import CALLBACK_MINUTES, SERVICE, EmergencyNumbers, dialled
from testigo_wire.sip import call as sip_call

REFUSED = "emergency refused"
BALLAST = 6144  # bytes of heap for the messages of a call that begins when nothing is free
PORTS_BEYOND = 64  # where the RTP range is too small, ports above it are tried
REFILL_MS = 1000
MAGIC = "testigo emergency"


class EmergencyCalls:
    def __init__(self, emergency):
        self._emergency = emergency
        self._gateway = emergency.gateway
        self._hal = emergency.gateway.hal
        self._log = emergency.log
        self._kept_back = None  # an UnrecordedCall without its INVITE
        self.ballast = None
        self._numbers = None
        self._policy = self  # none yet
        self.set_ports()
        self._refill_at = 0
        self._waiting = []  # (SIP call, whether its source is known) for which an ordinary call gives way
        self._deadline = 0  # for the call that gives way
        self._cut_short = []  # Unix times of calls that a power cut ended

    def start(self):
        """At the start: what a restart left, and what is kept back."""
        self._load()
        self._refill()

    def set_ports(self):
        """As the settings say."""
        self.close()
        settings = self._emergency.settings
        self._near_registers = settings.sip[4][0] == "registrar"
        first, last = settings.sip[2], settings.sip[3]
        # Ordinary calls take the lowest ports. The call kept back has the highest, or ports above the range.
        spare = (last - first + 1) // 2 - 2 * settings.max_calls
        self._ports = (last - 3 - (last + 1 & 1), last) if spare >= 2 else (last + 1, last + PORTS_BEYOND)

    def close(self):
        if self._kept_back:
            self._kept_back.bridge.close()
            self._kept_back = None

    @property
    def idle(self):
        """Whether nothing here is needed until the next call."""
        return not (self._waiting or self._cut_short or self._unrecorded())

    # which calls

    def numbers(self):
        """-> the EmergencyNumbers of the installed policy, whether it is in force or not. Raises MemoryError."""
        policy = self._gateway.documents.installed_policy
        if policy is not self._policy:
            self._numbers = EmergencyNumbers(policy.numbering, policy.emergency) if policy else EmergencyNumbers()
            self._policy = policy
            unload("testigo_wire.policy.emergency_countries")
            # It may have made the time shorter.
            self._emergency.until = min(self._emergency.until, self._hal.ms() + self._numbers.callback_ms)
        return self._numbers

    def is_emergency(self, uri, source):
        """Whether a request URI is an emergency number, and the source one that may call it."""
        if not self.numbers().find(uri):
            return False
        side = self._gateway.side_of(source)
        if side is None:
            # A telephone that registers here may call before it has registered again: its address need not be known. One such
            # call at a time, so that nobody calls an emergency centre through the appliance again and again at once.
            return self._near_registers and not [call for call in self._unrecorded() if not call.known]
        return side == NEAR

    def frees_memory(self, datagram, source):
        """There was no memory to read this datagram: whether it begins an emergency call, and there is more memory now."""
        if self.ballast is None or datagram[:7] != b"INVITE ":
            return False
        uri = "".join([chr(c) for c in datagram[7 : max(7, datagram.find(b" ", 7))]])
        if not self.is_emergency(uri, source):
            return False
        self.ballast = None
        return True

    # calls

    def _unrecorded(self):
        return [call for call in self._gateway.calls if not call.recorded]

    def incoming(self, sip):
        """An emergency call."""
        known = self._gateway.side_of(sip.target) == NEAR
        up = len(self._unrecorded())
        if up > self._emergency.settings.max_calls + 1:
            sip.reject(486, self._hal.ms())
            self._log("emergency call refused: %d are up" % up)
            self._gateway.unrecorded.add(REFUSED)
            return
        self._expect_call_back()
        if not self._begin(sip, known):
            self._waiting.append((sip, known))
            self._hal.calls += 1  # a session with the vault does not begin in between
            self.tick(self._hal.ms())

    def call_back(self, sip, target):
        """A call of the far side after an emergency call -> whether there is a place for it."""
        call = self._make(FAR, NEAR, self._gateway.ports)
        if call is None:
            return False
        call.begin(sip, CALL_BACK, (target,))
        self._gateway.start(call)
        return True

    def connected(self, call):
        """The parties hear each other. From here on the appliance may write."""
        self._log(TITLES[call.why] + " connected")
        self._emergency.pending.append(call.began_unix_ms)
        self.save()

    def ended(self, call):
        """Has the record of an UnrecordedCall made."""
        now = self._hal.ms()
        if call.why == EMERGENCY:
            self._expect_call_back()
        self._make_record(call.facts(now))

    def _make_record(self, facts):
        try:
            from recorder.call import emergency_record

            unload("recorder.call.emergency_record")
            emergency_record.begin(self._gateway, TITLES[facts[0]], facts)
        except MemoryError:
            self._log(TITLES[facts[0]] + " has no record: memory")
            self._gateway.unrecorded.add(facts[0])
            self._emergency.recorded(facts[3][0])

    def choose(self, known):
        """The call that gives way, or None: of an unknown source, else the youngest that has no place to be recorded, else the
        youngest ordinary one, else a call back."""
        if not known:
            return None
        found = None
        rank = 4
        for call in self._gateway.calls:
            if call.gives_way:
                continue
            if call.recorded:
                one = 1 + call.has_place
            elif call.why == CALL_BACK:
                one = 3
            elif not call.known:
                one = 0
            else:
                continue
            if one <= rank:
                found, rank = call, one
        return found

    def tick(self, now):
        """Some twenty times a second."""
        if self._waiting:
            self._serve_waiting(now)
        elif now >= self._refill_at:
            self._refill_at = now + REFILL_MS
            self._refill()
            if self._cut_short:
                began = self._cut_short.pop(0), now
                self._make_record((EMERGENCY, False, ("", "", ""), began, now, None, True))

    def _serve_waiting(self, now):
        sip, known = self._waiting[0]
        if sip.state != sip_call.INCOMING or self._begin(sip, known):
            self._stop_waiting()
            return
        if now < self._deadline and [call for call in self._gateway.calls if call.gives_way]:
            return
        call = self.choose(known)
        if call is None:
            self._stop_waiting()
            sip.reject(503, now)
            self._log("emergency call not connected: no ports or memory, and no call that could give way")
            self._gateway.unrecorded.add(REFUSED)
        else:
            self._deadline = now + PLACE_MS
            call.give_way()
            self._log("a call gives way to an emergency call")

    def _stop_waiting(self):
        self._waiting.pop(0)
        self._hal.calls -= 1
        self._deadline = 0

    def _begin(self, sip, known):
        """-> whether the call has its place, or has been refused for want of an address."""
        self.ballast = None
        call, self._kept_back = self._kept_back, None
        call = call or self._make(NEAR, FAR, self._gateway.ports) or self._make(NEAR, FAR, self._ports)
        if call is None:
            return False
        try:
            targets = self._targets(sip)
            if not targets and self._gateway.sources.unresolved:
                self._gateway.sources.look_up_again(self._log)  # no other call could be up to be held up by it
                targets = self._targets(sip)
            if not targets:
                call.bridge.close()
                sip.reject(503, self._hal.ms())
                self._log("emergency call not connected: the far side has no address")
                self._gateway.unrecorded.add(REFUSED)
                return True
            call.begin(sip, EMERGENCY, targets, known)
            self._gateway.start(call)
            return True
        except MemoryError:
            call.bridge.close()
            sip.owner = None
            return False

    def _targets(self, sip):
        """The number as it was dialled, then without what stands before it."""
        numbers = self.numbers()
        number = numbers.find(sip.callee)
        as_dialled = dialled(sip.callee)
        if number == SERVICE:
            number = as_dialled = numbers.general
        targets = [self._gateway.target(FAR, sip, as_dialled)]
        if number and number != as_dialled:
            targets.append(self._gateway.target(FAR, sip, number))
        return [target for target in targets if target]

    def _make(self, first, second, ports):
        """An UnrecordedCall with ports of its own, or None."""
        legs = []
        try:
            for side in (first, second):
                legs.append(Leg(self._hal, side, self._emergency.host, ports))
            return UnrecordedCall(self._gateway, self, legs[0], legs[1], self._log)
        except (PortError, MemoryError):
            for leg in legs:
                leg.close()
            return None

    def _refill(self):
        """Keeps back what one call needs, as far as it can be had."""
        if self._emergency.may_unload:
            return  # there is no room: an ordinary call gives way
        try:
            if self.ballast is None:
                self.ballast = bytearray(BALLAST)
        except MemoryError:
            return
        if self._kept_back is None:
            self._kept_back = self._make(NEAR, FAR, self._ports)

    # over a restart

    def _expect_call_back(self):
        try:
            time = self.numbers().callback_ms
        except MemoryError:
            time = CALLBACK_MINUTES * 60000
        self._emergency.until = self._hal.ms() + time

    def _load(self):
        data = files.read(self._hal.root + FILE)
        if data is None:
            return
        try:
            magic, version, until, pending = cbor.decode(data)
            if magic == MAGIC and version == 1:
                # A chip's clock may have fallen back: the time is never longer than the policy says.
                left = min(until - self._hal.unix_ms(), self.numbers().callback_ms)
                self._emergency.until = self._hal.ms() + left if left > 0 else 0
                self._cut_short = [int(time) for time in pending]
                self._emergency.pending = self._cut_short[:]
        except (cbor.CborError, ValueError, TypeError):
            pass  # damaged: as if it were not there

    def save(self):
        until = max(0, self._emergency.until - self._hal.ms() + self._hal.unix_ms())
        try:
            files.replace(self._hal.root + FILE, cbor.encode([MAGIC, 1, until, self._emergency.pending]))
        except (OSError, MemoryError) as exc:
            self._log("emergency call not noted: " + str(exc))
