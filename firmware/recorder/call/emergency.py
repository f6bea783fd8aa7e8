"""Which INVITE is an emergency call, and which incoming call may be the call back after one.

This part is always in memory. What makes the calls (emergency_calls.py, unrecorded_call.py, testigo_wire/policy/emergency.py)
stays loaded where there is room, and on a small heap is loaded for a call. If it cannot be loaded, an ordinary call gives way.
"""

from recorder import files
from recorder.loading import unload
from recorder.media.leg import NEAR

FILE = "/emergency.cbor"  # how long a call back may come, and the calls that have no record yet
REFUSED = "emergency refused"
BALLAST = 6144  # bytes of heap for the messages of a call that begins when nothing is free
LOADED = (
    "recorder.call.emergency_calls",
    "recorder.call.unrecorded_call",
    "testigo_wire.policy.emergency",
    "testigo_wire.policy.emergency_countries",
)


class Emergency:
    def __init__(self, gateway, settings, host, log):
        """gateway: its `calls` are those that are up. settings: of the appliance. host: its address on the network."""
        self.gateway = gateway
        self.hal = gateway.hal
        self.settings = settings
        self.host = host
        self.log = log
        self.until = 0  # hal.ms() up to which incoming calls may be a call back
        self.pending = []  # Unix times of calls that have no record yet
        self.ballast = None
        self.may_unload = gateway.hal.heap_small
        self._near_registers = settings.sip[4][0] == "registrar"
        self._calls = None
        self._numbers = None
        self._policy = self  # none yet
        self._unserved = []  # (SIP call, whether its source is known), for which nothing could be loaded
        try:
            if not self.may_unload or files.size(self.hal.root + FILE) >= 0:
                self.calls().start()
        except MemoryError:
            self.log("no memory is kept back for an emergency call")

    def close(self):
        if self._calls:
            self._calls.close()

    def calls(self):
        """-> the EmergencyCalls. Raises MemoryError."""
        if self._calls is None:
            from recorder.call.emergency_calls import EmergencyCalls

            self._calls = EmergencyCalls(self)
        return self._calls

    def numbers(self):
        """-> the EmergencyNumbers of the installed policy, whether it is in force or not. Raises MemoryError."""
        policy = self.gateway.documents.installed_policy
        if self._numbers is None or policy is not self._policy:
            from testigo_wire.policy.emergency import EmergencyNumbers

            self._numbers = EmergencyNumbers(policy.numbering, policy.emergency) if policy else EmergencyNumbers()
            self._policy = policy
            # A new policy may have made the time shorter.
            self.until = min(self.until, self.hal.ms() + self._numbers.callback_ms)
        return self._numbers

    def is_urgent(self, message, source):
        """Whether an INVITE is an emergency call of the near side."""
        return self._is_emergency(message.uri, source)

    def _is_emergency(self, uri, source):
        policy = self.gateway.documents.installed_policy
        if not (may_be_emergency(uri) or (policy and policy.emergency)):
            return False
        try:
            if not self.numbers().find(uri):
                return False
        except MemoryError:
            pass  # a short number, at a moment when it cannot be read: taken for one
        side = self.gateway.side_of(source)
        if side is None:
            # A telephone that registers here may call before it has registered again: its address need not be known. One such
            # call at a time, so that nobody calls an emergency centre through the appliance again and again at once.
            return self._near_registers and not [call for call in self._unrecorded() if not call.known]
        return side == NEAR

    def _unrecorded(self):
        return [call for call in self.gateway.calls if not call.recorded]

    def frees_memory(self, datagram, source):
        """There was no memory to read this datagram: whether it begins an emergency call, and there is more memory now."""
        if self.ballast is None or datagram[:7] != b"INVITE ":
            return False
        uri = "".join([chr(c) for c in datagram[7 : max(7, datagram.find(b" ", 7))]])
        if not self._is_emergency(uri, source):
            return False
        self.ballast = None
        return True

    @property
    def expects_call_back(self):
        try:
            if self.hal.ms() < self.until:
                self.numbers()
        except MemoryError:
            pass
        return self.hal.ms() < self.until

    def incoming(self, sip):
        """An emergency call."""
        known = self.gateway.side_of(sip.target) == NEAR
        if len(self._unrecorded()) > self.settings.max_calls + 1:
            sip.reject(486, self.hal.ms())
            self.log("emergency call refused: %d are up" % len(self._unrecorded()))
            self.gateway.unrecorded.add(REFUSED)
            return
        self.ballast = None
        try:
            self.calls().incoming(sip, known)
        except MemoryError:
            self._unserved.append((sip, known))

    def tick(self, now):
        """Some twenty times a second."""
        if self._unserved:
            self._serve(now)
        elif self._calls:
            self._calls.tick(now)
            if self.may_unload and self._calls.idle:
                self._calls = self._numbers = None
                unload(*LOADED)

    def _serve(self, now):
        try:
            self.calls().incoming(*self._unserved[0])
            self._unserved.pop(0)
            return
        except MemoryError:
            pass
        sip, known = self._unserved[0]
        victims = [call for call in self.gateway.calls if call.recorded and not call.gives_way]
        if [call for call in self.gateway.calls if call.gives_way]:
            return
        if victims and known:
            victims[-1].give_way()
        else:
            self._unserved.pop(0)
            sip.hang_up(now, 503)
            self.log("emergency call not connected: no ports or memory, and no call that could give way")
            self.gateway.unrecorded.add(REFUSED)


def may_be_emergency(uri):
    """Whether a request URI may stand for an emergency number: most have too many digits. Needs no other module."""
    start = uri[:64].partition("@")[0].lower()
    if "sos" in start or "%" in start or not ("0" <= start[-1:] <= "9"):
        return True
    scheme, _, number = start.partition(":")
    number = (number or scheme).partition(";")[0].partition(":")[0]
    digits = 0
    for c in number:
        digits += "0" <= c <= "9"
    # After a country code, after an international prefix, dialled as it stands: see LONGEST_ABROAD of policy/emergency.py.
    return digits <= {"+": 9, "0": 12}.get(number[:1], 8)
