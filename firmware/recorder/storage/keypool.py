"""Key wrapping made ahead of the calls (HPKE, RFC 9180, base mode).

One encapsulation takes two multiplications on P-256: most of a second on a chip, and
no time at all at the moment a call comes in.  So they are made while nothing else is
to do, for every recipient that the policy names, and each serves once.
"""

import asyncio

from recorder.storage.primitives import steps
from testigo_wire.crypto import hpke
from testigo_wire.recording.items import wrap_info


class KeyPool:
    def __init__(self, primitives, depth):
        """depth: complete sets to hold ready; one more than calls at a time."""
        self._primitives = primitives
        self.depth = depth
        self._recipients = []  # [stream, key_id, public key, [(shared secret, enc), ...]]
        self._wanted = asyncio.Event()
        self._filled = asyncio.Event()

    def use(self, recipients):
        """recipients: [[stream, key_id8, public65], ...] of the policy; what was made for others is dropped."""
        held = {(entry[0], entry[2]): entry[3] for entry in self._recipients}
        self._recipients = [[r[0], r[1], r[2], held.get((r[0], r[2]), [])] for r in recipients]
        self._filled.clear()
        self._wanted.set()

    @property
    def level(self):
        """Complete sets that are ready."""
        return min((len(entry[3]) for entry in self._recipients), default=0)

    async def ready(self):
        """Waits until a set is there; for ever if there are no recipients, so give it a time limit."""
        while not self.level:
            self._filled.clear()
            self._wanted.set()
            await self._filled.wait()

    async def fill(self):
        """Makes sets until `depth` are there; the emptiest recipient first."""
        while self._recipients:
            entry = min(self._recipients, key=lambda e: len(e[3]))
            if len(entry[3]) >= self.depth:
                return
            made = await steps(hpke.encap_steps(self._primitives, entry[2]))
            entry[3].append(made)
            if self.level:
                self._filled.set()

    async def run(self):
        while True:
            await self._wanted.wait()
            self._wanted.clear()
            await self.fill()

    def take(self, recording_id):
        """[(stream, base_key32, [[key_id, enc || ciphertext], ...]), ...], one per stream; None if no set is ready."""
        if not self.level:
            return None
        streams = {}
        for stream, key_id, _, ready in self._recipients:
            if stream not in streams:
                streams[stream] = (stream, self._primitives.random(32), [])
            secret, enc = ready.pop()
            _, base_key, wrapped = streams[stream]
            info = wrap_info(recording_id, stream)
            wrapped.append([key_id, enc + hpke.seal_base(self._primitives, secret, info, b"", base_key)])
        self._wanted.set()
        return [streams[stream] for stream in sorted(streams)]
