"""Loads at the start what a small heap loads when it is needed, where the heap is large.

To load a module takes many times as long as a packet may wait, on a chip as well as from sources. Loaded once, and unloaded.
"""

import sys

MODULES = (
    "recorder.call.beyond", "recorder.call.by_command", "recorder.call.record_aware", "recorder.call.refused_log",
    "recorder.call.renegotiation", "recorder.call.way_tone",
    "recorder.consent.commands", "recorder.consent.participants", "recorder.console.diagnostics", "recorder.documents.blobs",
    "recorder.documents.intake", "recorder.documents.objection_list", "recorder.media.tone", "recorder.storage.recovery",
    "recorder.storage.unrecorded_counts", "recorder.sync.backlog", "recorder.sync.session", "testigo_wire.policy.e164",
    "testigo_wire.policy.limits", "testigo_wire.policy.rules", "testigo_wire.policy.schedule",
    "testigo_wire.recording.item_parser", "testigo_wire.recording.rewrite", "testigo_wire.sip.auth", "testigo_wire.sip.dtmf",
    "testigo_wire.sip.limiter", "testigo_wire.sip.replies", "testigo_wire.sip.timers",
)  # fmt: skip


def load():
    """From now on none of them is unloaded."""
    from recorder import loading

    loading.stays = MODULES
    for name in MODULES:
        if name not in sys.modules:
            __import__(name)
