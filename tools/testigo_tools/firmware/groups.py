"""Modules that are always loaded together: on the device each group is one module, which takes less heap (join.py).

The last module of a group gives it its name. A module that is unloaded, or that not every call needs, stands alone; so does
one that makes names of attributes at run time, since its names must stay as they are.
"""


def _in(package: str, names: str) -> tuple[str, ...]:
    return tuple(f"{package}.{name}" for name in names.split())


WIRE = "testigo_wire"
RECORDER = "recorder"
GROUPS: tuple[tuple[str, ...], ...] = (
    _in(RECORDER, "loading files log clock udp_poll hal_common hal"),
    (
        *_in(WIRE, "errors encoding.cbor encoding.schema"),
        *_in(WIRE, "crypto.sha crypto.p256 crypto.ecdsa crypto.gcm crypto.hpke crypto.sframe"),
        *_in(WIRE, "policy.documents recording.items recording.audio_frame recording.stream"),
        *_in(RECORDER, "storage.primitives storage.identity storage.keypool storage.unrecorded storage.spool"),
        *_in(RECORDER, "storage.recording storage.recordings documents.store sync.scheduler main"),
    ),
    (*_in(WIRE, "encoding.cobs console.transport link.messages console.server"), *_in(RECORDER, "console.serial_port")),
    (
        *_in(
            WIRE,
            "sip.events sip.queue sip.message sip.parser sip.body sip.transaction sip.dialog sip.call",
        ),
        *_in(WIRE, "sip.agent sip.sdp policy.fields policy.recording_state policy.consent policy.decision"),
        *_in(RECORDER, "media.fast_path media.tap media.capture media.relay media.leg media.bridge"),
        *_in(RECORDER, "consent.player consent.notice_session consent.recording_control"),
        *_in(RECORDER, "call.sources call.emergency call.call call.gateway"),
    ),
    (*_in(RECORDER, "sync.channel sync.tls_stream"), f"{WIRE}.link.device", f"{RECORDER}.sync.session"),
    (f"{WIRE}.policy.emergency", *_in(RECORDER, "call.unrecorded_call call.emergency_calls")),
    _in(WIRE, "sip.authenticator sip.registrar"),
    _in(RECORDER, "documents.room documents.inventory"),
    (f"{WIRE}.policy.key_sequence", *_in(RECORDER, "consent.participants consent.commands")),
)
