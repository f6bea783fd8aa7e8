"""Recordings that an appliance which lies could write: sealed, signed and chained as they should be, and against the law or the
signed documents. `ATTACKS`: what is wrong -> (the code of its finding, a function that makes it)."""

import hashlib

from cryptography.hazmat.primitives.asymmetric import ec

from support import fake_appliance
from support.fake_appliance import call, rtp, speech
from support.policy_calls import POLICY, honest, signed
from testigo_vault.primitives import SUITE, public_bytes
from testigo_vault.recordings.reader import erase_audio, read
from testigo_wire.recording.items import key_id, wrap_info

HOUR_MS = 3_600_000
END = ("hang_up", 20_000, 1, 200, "BYE")


def record(vault, appliance, change=lambda events: events, policy=POLICY, **more):
    """A call under the signed policy, with its events changed. more: as for Appliance.record."""
    more.setdefault("packets", speech(0.5, start_ms=7000))
    more.setdefault("seconds", 20)
    return appliance.record(events=change(honest(signed(vault, policy))), **more)


def replaced(name, *fields):
    """A change: the event of that name gets these fields after its time; None leaves a field as it is."""

    def change(events):
        return [
            (*event[:2], *(old if new is None else new for old, new in zip(event[2:], fields, strict=True)))
            if event[0] == name
            else event
            for event in events
        ]

    return change


def without(*names):
    return lambda events: [event for event in events if event[0] not in names]


def inserted(event):
    """Before the first event that is later."""

    def change(events):
        at = next((i for i, other in enumerate(events) if other[1] > event[1]), len(events))
        return [*events[:at], event, *events[at:]]

    return change


def destroyed(vault, appliance):
    made = record(vault, appliance)
    made.data = erase_audio(made.data)
    return made


def destroyed_by_the_appliance(vault, appliance):
    items = 1 + len(speech(0.5)[0]) // 12 + bool(len(speech(0.5)[0]) % 12)
    made = record(vault, appliance, after=[("erased", 9000, items), END])
    made.data = erase_audio(made.data)
    assert read(made.data, [], None).gone == items
    return made


def notice_of(played_ms, total_ms, t_ms):
    def change(events):
        return [
            (event[0], t_ms, *event[2:6], played_ms, total_ms, True) if event[0] == "notice" else event
            for event in events
        ]

    return change


def another_notice(vault, appliance):
    """A signed notice, of one millisecond more than none, that the line does not name."""
    from testigo_vault.notice.audio import NoticeAudio
    from testigo_vault.notice.signed import sign_notice

    sound = bytes(160)
    sign_notice(vault.organisation, "ping", "es", "ping", NoticeAudio(sound, sound[::-1]))
    digest = hashlib.sha256(sound).digest()
    return record(vault, appliance, replaced("notice", 1, "es", "ping", digest, 20, 20, True))


def eight_hours(vault, appliance):
    return record(vault, appliance, packets=speech(0.5, start_ms=8 * HOUR_MS - 2000), seconds=8 * 3600)


def sealed_to(*strangers, own):
    """Wraps the audio's key to other keys."""

    def make(vault, appliance):
        signed(vault)
        wrap = appliance.wrap

        def wrap_audio(recording_id, stream):
            base_key, wrapped = wrap(recording_id, stream)
            if not stream:
                return base_key, wrapped
            others = []
            for stranger in strangers:
                public = public_bytes(stranger.public_key())
                sealed = SUITE.encrypt(base_key, stranger.public_key(), wrap_info(recording_id, stream))
                others.append([key_id(fake_appliance.HOST, public), sealed])
            return base_key, (wrapped if own else []) + others

        appliance.wrap = wrap_audio
        return record(vault, appliance)

    return make


STRANGER = ec.derive_private_key(77, ec.SECP256R1())


def late_packets(at_ms):
    """Packets that arrived at that time, written where audio is allowed."""
    early, payloads = speech(0.3, start_ms=at_ms, seed=2)
    later, _ = speech(0.5, start_ms=7000)
    return [*early, *later], payloads


def in_a_pause(vault, appliance):
    """Captured in the pause from 8 to 18 s, written after it."""
    packets, payloads = speech(0.5, start_ms=12_000)
    events = [*honest(signed(vault)), ("pause", 8000, "key"), ("resume", 18_000, "key")]
    return appliance.record(events=events, packets=(packets, payloads), seconds=20)


def a_call_as_a_test(vault, appliance):
    signed(vault)
    events = [
        (*call()[:7], "test"),
        ("policy", 5, 1, bytes(32), "all", "notify"),
        ("consent", 10, "notify", True, "test", "", ""),
    ]
    return appliance.record(events=events, packets=speech(0.5), reason="test", after=None)


def a_conversation_as_a_test(vault, appliance):
    """Nothing says that it is a call, but the two legs sound different."""
    signed(vault)
    return appliance.record(events=SELF_TEST, packets=speech(0.5), reason="test", after=None)


SELF_TEST = [
    ("call", 0, "", "in", "", "", "", "test"),
    ("policy", 5, 1, bytes(32), "all", "notify"),
    ("consent", 10, "notify", True, "test", "", ""),
    ("media", 10, 0, "PCMU", 0, 8000, 20),
    ("media", 10, 1, "PCMU", 0, 8000, 20),
]


def tone_of_a_test(seconds=0.5):
    """The packets of a self-test: both legs the same."""
    payload = bytes(range(160))
    return [
        (leg, 2000 + 20 * i, rtp(i, 160 * i, payload, leg + 1)) for i in range(int(seconds * 50)) for leg in (0, 1)
    ], (b"", b"")


def after_the_hang_up(vault, appliance):
    return record(vault, appliance, lambda events: [*events, ("hang_up", 6800, 1, 200, "BYE")], after=None)


ATTACKS = {
    "audio destroyed without any key": ("audio-destroyed", destroyed),
    "audio destroyed by the appliance": ("destroyed-without-objection", destroyed_by_the_appliance),
    "consent by the objection key": (
        "consent-key",
        lambda v, a: record(v, a, replaced("consent", None, None, None, "9", None)),
    ),
    "consent by any key": ("consent-key", lambda v, a: record(v, a, replaced("consent", None, None, None, "5", None))),
    "notify where opt-in was signed": (
        "terms-differ",
        lambda v, a: record(
            v,
            a,
            lambda events: replaced("consent", "notify", True, "notice", "", "")(
                replaced("policy", None, None, None, "notify")(events)
            ),
        ),
    ),
    "another mode": ("terms-differ", lambda v, a: record(v, a, replaced("policy", None, None, "on-demand", None))),
    "another basis": ("terms-differ", lambda v, a: record(v, a, replaced("terms", "contract", None, None, None))),
    "unknown line": ("line-unknown", lambda v, a: record(v, a, replaced("call", "other", *[None] * 5))),
    "line of the other direction": (
        "line-unknown",
        lambda v, a: record(
            v,
            a,
            replaced("call", None, "out", *[None] * 4),
            POLICY.replace('mode = "all"', 'mode = "all"\ndirection = "in"'),
        ),
    ),
    "a notice of 1 ms": ("notice-differs", lambda v, a: record(v, a, notice_of(1, 1, 5400))),
    "a notice in another language": (
        "notice-differs",
        lambda v, a: record(v, a, replaced("notice", None, "en", *[None] * 5)),
    ),
    "a notice over too soon": ("notice-too-fast", lambda v, a: record(v, a, notice_of(3500, 3500, 450))),
    "a notice that the line does not name": ("notice-other-line", another_notice),
    "8 hours under a limit of 1": ("over-limit", eight_hours),
    "another way of informing the worker": (
        "worker-differs",
        lambda v, a: record(v, a, replaced("worker", "tone", "")),
    ),
    "another acknowledgement": ("worker-differs", lambda v, a: record(v, a, replaced("worker", None, "none on file"))),
    "no warning tone": ("tone-differs", lambda v, a: record(v, a, without("tone"))),
    "on demand, not requested": (
        "unrequested",
        lambda v, a: record(
            v,
            a,
            replaced("policy", None, None, "on-demand", None),
            POLICY.replace('mode = "all"', 'mode = "on-demand"').replace(
                "keys = {", 'keys = { start = "*1", stop = "*2",'
            ),
        ),
    ),
    "terms twice": (
        "terms-twice",
        lambda v, a: record(v, a, inserted(("terms", 6, "consent", "acknowledgement", "connect", True))),
    ),
    "no terms": ("terms-missing", lambda v, a: record(v, a, without("terms"))),
    "no terms and no worker": ("worker-uninformed", lambda v, a: record(v, a, without("terms", "worker"))),
    "audio sealed to nobody": ("sealed-nobody", sealed_to(own=False)),
    "audio sealed to a stranger": ("sealed-stranger", sealed_to(STRANGER, own=False)),
    "audio sealed to a stranger too": ("recipient-unknown", sealed_to(STRANGER, own=True)),
    "a call that says it is a test": ("call-as-test", a_call_as_a_test),
    "sound after the hang-up": ("sound-after-hang-up", after_the_hang_up),
    "refused with sound": ("reason-sound", lambda v, a: record(v, a, reason="refused")),
}

# Found where the audio key is open.
SOUNDS = {
    "sound from before the consent": ("sound-before-consent", lambda v, a: record(v, a, packets=late_packets(1000))),
    "sound from a pause": ("sound-in-pause", in_a_pause),
    "a conversation as a test": ("sound-test-differs", a_conversation_as_a_test),
}
