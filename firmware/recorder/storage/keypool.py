"""Key encapsulations made before the calls that need them (HPKE, RFC 9180, base mode).

One takes two multiplications on P-256, most of a second on a chip, which a call that comes in cannot wait for. So they are
made while the appliance is idle, for every recipient that the policy names; each is used once.
"""

import asyncio

from recorder.storage.primitives import steps
from testigo_wire.crypto import hpke
from testigo_wire.recording.items import wrap_info


class KeyPool:
    def __init__(self, primitives, depth):
        """depth: how many complete sets to keep; one more than calls at a time."""
        self._primitives = primitives
        self.depth = depth
        self._recipients = []  # [stream, key_id, public key, [(shared secret, enc), ...]]
        self._fill_requested = asyncio.Event()
        self._set_ready = asyncio.Event()

    def set_recipients(self, recipients):
        """recipients: [[stream, key_id8, public65], ...] of the policy; what was made for other recipients is dropped."""
        held = {(entry[0], entry[2]): entry[3] for entry in self._recipients}
        self._recipients = [[r[0], r[1], r[2], held.get((r[0], r[2]), [])] for r in recipients]
        self._set_ready.clear()
        self._fill_requested.set()

    @property
    def complete_sets(self):
        """-> how many recordings can be opened now."""
        return min((len(entry[3]) for entry in self._recipients), default=0)

    async def ready(self):
        """Wait until there is a complete set. Without recipients it never ends: give it a time limit."""
        while not self.complete_sets:
            self._set_ready.clear()
            self._fill_requested.set()
            await self._set_ready.wait()

    async def fill(self):
        """Make sets until there are `depth`; first for the recipient who has the fewest."""
        while self._recipients:
            entry = min(self._recipients, key=lambda e: len(e[3]))
            if len(entry[3]) >= self.depth:
                return
            made = await steps(hpke.encap_steps(self._primitives, entry[2]))
            entry[3].append(made)
            if self.complete_sets:
                self._set_ready.set()

    async def run(self):
        while True:
            await self._fill_requested.wait()
            self._fill_requested.clear()
            await self.fill()

    def take_steps(self, recording_id):
        """-> [(stream, base_key32, [[key_id, enc || ciphertext], ...]), ...], one per stream; None if there is no set."""
        if not self.complete_sets:
            return None
        # At once: another call may come before the next step, or another policy.
        taken = [(stream, key_id, ready.pop()) for stream, key_id, _, ready in self._recipients]
        streams = {}
        for stream, key_id, (secret, enc) in taken:
            yield
            if stream not in streams:
                streams[stream] = (stream, self._primitives.random(32), [])
            _, base_key, wrapped = streams[stream]
            info = wrap_info(recording_id, stream)
            sealed = yield from hpke.seal_base_steps(self._primitives, secret, info, b"", base_key)
            wrapped.append([key_id, enc + sealed])
        self._fill_requested.set()
        return [streams[stream] for stream in sorted(streams)]
