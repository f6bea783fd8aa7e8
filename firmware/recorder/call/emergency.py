"""Whether an INVITE may be an emergency call, and whether an incoming call may be the call back after one.

This part is always in memory. What makes the calls (emergency_calls.py, unrecorded_call.py, testigo_wire/policy/emergency.py)
stays loaded where there is room, and on a small heap is loaded for a call. If it cannot be loaded, an ordinary call gives way
and the telephone, which gets no answer, sends its INVITE again.
"""

import gc

from recorder import files
from recorder.loading import unload
from recorder.media.leg import NEAR

ENOUGH = 150000  # bytes of the heap, free before the first call: then all of this stays in memory
FILE = "/emergency.cbor"  # how long a call back may come, and the calls that have no record yet


class Emergency:
    def __init__(self, gateway, settings, host, log):
        """gateway: its `calls` are those that are up. settings: of the appliance. host: its address on the network."""
        self.gateway = gateway
        self.settings = settings
        self.host = host
        self.log = log
        self.until = 0  # hal.ms() up to which incoming calls may be a call back
        self.pending = []  # Unix times of calls that have no record yet
        gc.collect()
        self.may_unload = gateway.hal.heap_small or gc.mem_free() < ENOUGH
        self._calls = None
        try:
            if not self.may_unload or files.size(gateway.hal.root + FILE) >= 0:
                self.calls().start()
        except MemoryError:
            log("no memory is kept back for an emergency call")

    def change(self, settings):
        """Other settings of the same gateway."""
        self.settings = settings
        if self._calls:
            self._calls.set_ports()

    def close(self):
        if self._calls:
            self._calls.close()

    def calls(self):
        """-> the EmergencyCalls. Raises MemoryError."""
        if self._calls is None:
            from recorder.call.emergency_calls import EmergencyCalls

            self._calls = EmergencyCalls(self)
        return self._calls

    def is_urgent(self, message, source):
        """Whether an INVITE is an emergency call of the near side."""
        policy = self.gateway.documents.installed_policy
        if not (may_be_emergency(message.uri) or (policy and policy.emergency)):
            return False
        try:
            return self.calls().is_emergency(message.uri, source)
        except MemoryError:
            self._make_room(source)
            raise

    def _make_room(self, source):
        calls = self.gateway.calls
        if self.gateway.side_of(source) == NEAR and not [call for call in calls if call.gives_way]:
            for call in reversed(calls):
                if call.recorded:
                    call.give_way()
                    self.log("a call gives way to an emergency call")
                    break

    def frees_memory(self, datagram, source):
        """There was no memory to read this datagram: whether it begins an emergency call, and there is more memory now."""
        return self._calls is not None and self._calls.frees_memory(datagram, source)

    @property
    def expects_call_back(self):
        if self.gateway.hal.ms() >= self.until:
            return False
        self.calls().numbers()  # a new policy may have made the time shorter
        return self.gateway.hal.ms() < self.until

    def recorded(self, began_unix_ms):
        """The call that began then has its record, or none can be made."""
        if began_unix_ms in self.pending:
            self.pending.remove(began_unix_ms)
        try:
            self.calls().save()
        except MemoryError:
            self.log("emergency call not noted: memory")

    def tick(self, now):
        """Some twenty times a second."""
        if self._calls:
            self._calls.tick(now)
            if self.may_unload and self._calls.idle:
                self._calls = None
                unload(
                    "recorder.call.emergency_calls", "recorder.call.unrecorded_call", "testigo_wire.policy.emergency"
                )


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
