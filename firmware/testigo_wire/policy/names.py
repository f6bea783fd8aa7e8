"""Names of the states and events of the tables of consent and of the recording, for tools, pictures and tests.

The device does not need them.
"""

from testigo_wire.policy import consent

CONSENT_STATES = ("idle", "notice", "agreed", "asked", "given", "refused", "failed")
CONSENT_INPUTS = ("start", "played", "broken", "accept", "object", "again", "silence", "language", "join", "stop")
CONSENT_ACTIONS = {
    consent.NOTHING: "-",
    consent.PLAY: "play",
    consent.WAIT: "wait",
    consent.RECORD: "record",
    consent.CONNECT: "connect",
    consent.ERASE: "erase",
    consent.PAUSE: "pause",
    consent.END: "end",
}
RECORDING_STATES = (
    "off", "waiting", "announcing", "on", "over",
    "paused off", "paused waiting", "paused announcing", "paused", "paused over",
)  # fmt: skip
RECORDING_EVENTS = (
    "requested", "announce", "declined", "agreed", "joined", "pause", "resume", "stop", "limit", "lost", "failed",
    "objection", "hang-up",
)  # fmt: skip
