"""Events, and the order in which they may stand."""

from support.device import primitives as prims
from support.device.recordings import (
    AGREED,
    AUDIO_KEYS,
    CALL,
    CONFIRMED,
    CONSENT,
    EMERGENCY,
    HANG_UP,
    MEDIA,
    NOTICE,
    POLICY,
    REFUSED,
)
from testigo_wire.encoding import cbor
from testigo_wire.errors import WireError
from testigo_wire.recording import events

VECTORS = prims.vectors("events")
PAUSE = ("pause", 8000, "key")
JOINED = ("joined", 7000, 1, "+34600111333", "identity")
JOINED_NEAR = ("joined", 7000, 0, "200", "session")
AGAIN = ("consent", 7600) + CONSENT[2:]
NOTICE_AGAIN = ("notice", 7500) + NOTICE[2:]
TERMS = ("terms", 1, "consent", "acknowledgement", "connect", True)
WORKER = ("worker", 5100, "acknowledgement", "worker-1")
TO_WORKER = ("notice", 7500, 0) + NOTICE[3:]
TOLD_WORKER = ("worker", 7600, "notice", "worker-es")
OBJECTION = ("objection", 5300, 1, "9", "rfc4733")
TEST_CALL = CALL[:-1] + ("test",)
TEST_CONSENT = ("consent", 0, "notify", True, "test", "", "")


def run(script, version=1, cut=False):
    """-> the first thing that is wrong, or None."""
    order = events.Order(version)
    for step in script:
        if step[0] in ("audio keys", "frame"):
            wrong = order.audio()
        else:
            wrong = order.event(events.parse(cbor.encode(step)))
        if wrong:
            return wrong
    return order.finish(cut)


def test_vectors():
    for vector in VECTORS["events"]:
        event = events.parse(bytes.fromhex(vector["plaintext"]))
        assert event[0] == vector["name"]
        assert cbor.encode(event).hex() == vector["plaintext"]
    names = [vector["name"] for vector in VECTORS["events"]]
    assert sorted(names) == sorted(events.EVENTS)


def test_malformed():
    for vector in VECTORS["malformed"]:
        error = prims.raises(WireError, events.parse, bytes.fromhex(vector["plaintext"]))
        assert str(error) == vector["refused"], (vector, error)


def test_named():
    event = events.parse(cbor.encode(("gap", 9, 1, 3, 60, "late")))
    assert events.named(event) == {"name": "gap", "t_ms": 9, "leg": 1, "count": 3, "ms": 60, "why": "late"}


def test_unknown_events():
    """An event of a later vocabulary is kept with its fields; one of the reader's own vocabulary is not an event."""
    later = cbor.encode(["weather", 7, [1, b"\x02"], None])
    event = events.parse(later, events.VOCABULARY + 1)
    assert event == ["weather", 7, [1, b"\x02"], None] and not events.known(event)
    assert str(prims.raises(WireError, events.parse, later)) == "no known event"
    without_time = cbor.encode(["weather", "7"])
    error = prims.raises(WireError, events.parse, without_time, events.VOCABULARY + 1)
    assert str(error) == "weather.t_ms: not an unsigned number"
    for name in ("", "x" * 33):
        prims.raises(WireError, events.parse, cbor.encode([name, 7]), events.VOCABULARY + 1)
    # Known events keep their fields in every vocabulary; version 1 has no `confirmed`.
    prims.raises(WireError, events.parse, cbor.encode(["pause", 1, "key", 2]), events.VOCABULARY + 1)
    confirmed = cbor.encode(["confirmed", 1, 0, "rtp"])
    assert events.known(events.parse(confirmed, 2))
    prims.raises(WireError, events.parse, confirmed, 1)


def test_order_of_version_2():
    talk = (AUDIO_KEYS,)
    start = (CALL, POLICY, TERMS) + MEDIA + CONFIRMED
    agreed = start + (NOTICE, CONSENT, WORKER)
    none = ("confirmed", 9999, 0, "none")
    for script in (
        AGREED,
        REFUSED,
        EMERGENCY,
        agreed + talk,
        start[:-1] + (NOTICE, none),
        # Without media events nothing is owed: the call was over before a session was.
        (CALL, POLICY, ("unrecorded", 10, "no policy"), HANG_UP),
        # A test has neither terms nor worker, and no media to be confirmed.
        (TEST_CALL, POLICY[:5] + ("notify",), TEST_CONSENT) + MEDIA + talk,
    ):
        assert run(script, 2) is None, (script, run(script, 2))
    owed = "does not say how the media of each leg was confirmed"
    for script, wrong in (
        ((CALL, POLICY, NOTICE, CONSENT) + talk, "audio without terms"),
        (start + (NOTICE, CONSENT) + talk, "audio before the worker was informed"),
        ((CALL, POLICY, TERMS, ("terms", 5) + TERMS[2:]), "terms again"),
        (start + (("confirmed", 50, 1, "key"),), "leg confirmed again"),
        (start[:-1] + (NOTICE,), owed),
        (start[:-2] + (NOTICE,), owed),
        ((CALL, POLICY, TERMS, NOTICE, CONSENT, WORKER) + talk, owed),
        ((CALL,), "no policy event"),
        ((), "no call event"),
    ):
        assert run(script, 2) == wrong, (script, run(script, 2))
    assert run((CALL,)) is None and run((CALL, POLICY, NOTICE, CONSENT) + talk) is None, "version 1 owes less"


def test_a_recording_that_was_cut_owes_nothing_at_its_end():
    for script in ((), (CALL,), (CALL, POLICY), (CALL, POLICY, TERMS) + MEDIA):
        assert run(script, 2, True) is None


def test_right_order():
    assert run(AGREED) is None
    assert run(REFUSED) is None
    assert run((CALL, POLICY, ("unrecorded", 10, "notice missing"), HANG_UP)) is None
    assert run((TEST_CALL, POLICY[:5] + ("notify",), TEST_CONSENT, AUDIO_KEYS)) is None
    opt_out = POLICY[:5] + ("opt-out",)
    assert run((CALL, opt_out, NOTICE, ("consent", 9000, "opt-out", True, "timeout", "", ""), AUDIO_KEYS)) is None


def test_right_order_in_parts():
    """Pauses, parts that the worker wants, people who join: each in its order."""
    talk = (AUDIO_KEYS,)
    agreed = (CALL, POLICY, TERMS, NOTICE, CONSENT, WORKER)
    assert run(agreed + talk + (PAUSE, ("resume", 9000, "limit")) + talk) is None
    assert run(agreed + talk + (JOINED, NOTICE_AGAIN, AGAIN) + talk) is None
    assert (
        run(agreed + talk + (("stopped", 7000, "key"), ("started", 7400, "host"), NOTICE_AGAIN, AGAIN) + talk) is None
    )
    assert run(agreed + talk + (JOINED_NEAR, TO_WORKER, TOLD_WORKER) + talk) is None
    assert run((CALL, POLICY, TERMS, NOTICE, CONSENT, TO_WORKER, TOLD_WORKER) + talk) is None
    # Who stops while paused begins the next part without the pause.
    stopped = (PAUSE, ("stopped", 8100, "key"), ("notice", 8200) + NOTICE[2:], ("consent", 8300) + CONSENT[2:])
    assert run(agreed + talk + stopped + talk) is None
    # A test has no worker to be informed.
    assert run((TEST_CALL, POLICY[:5] + ("notify",), TERMS, ("consent", 1) + TEST_CONSENT[2:], AUDIO_KEYS)) is None


def test_wrong_order():
    never = POLICY[:4] + ("never", "opt-in")
    no_policy = ("policy", 0, 0, b"", "all", "opt-in")
    cut = NOTICE[:6] + (2000, 4100, False)
    said_complete = NOTICE[:6] + (2000, 4100, True)
    to_worker = NOTICE[:2] + (0,) + NOTICE[3:]
    for script, wrong in (
        ((), "no call event"),
        ((POLICY,), "policy out of place: call, then policy, then the rest"),
        ((CALL, NOTICE), "notice out of place: call, then policy, then the rest"),
        ((CALL, POLICY, CALL), "call out of place: call, then policy, then the rest"),
        ((CALL, POLICY, AUDIO_KEYS), "audio before consent"),
        ((CALL, POLICY, NOTICE, AUDIO_KEYS), "audio before consent"),
        ((CALL, POLICY, CONSENT), "consent before the notice was complete"),
        ((CALL, POLICY, cut, CONSENT), "consent before the notice was complete"),
        ((CALL, POLICY, to_worker, CONSENT), "consent before the notice was complete"),
        ((CALL, POLICY, said_complete), "notice said to be complete was cut short"),
        ((CALL, POLICY, NOTICE, CONSENT, CALL), "call goes back in time"),
        ((CALL, POLICY, NOTICE, CONSENT[:3] + (False,) + CONSENT[4:], AUDIO_KEYS), "audio before consent"),
        (
            (CALL, POLICY, NOTICE, CONSENT[:4] + ("timeout", "", "")),
            "consent without the key that the rule asks for",
        ),
        ((CALL, POLICY, NOTICE, CONSENT[:2] + ("notify",) + CONSENT[3:]), "consent by another rule than the policy's"),
        ((CALL, never, NOTICE, CONSENT, AUDIO_KEYS), "audio without a policy that allows it"),
        ((CALL, no_policy, NOTICE, CONSENT, AUDIO_KEYS), "audio without a policy that allows it"),
        ((CALL, POLICY, NOTICE, CONSENT, OBJECTION, AUDIO_KEYS), "audio after an objection"),
        (
            (CALL, POLICY, NOTICE, CONSENT, AUDIO_KEYS, OBJECTION),
            "audio is kept although there was an objection",
        ),
        ((CALL, POLICY, NOTICE, OBJECTION, ("consent", 5400) + CONSENT[2:]), "consent after an objection"),
        (
            (CALL, POLICY, NOTICE, CONSENT[:4] + ("test", "", "")),
            "consent of a test in a call, or of a call in a test",
        ),
        ((TEST_CALL, POLICY, NOTICE, CONSENT), "consent of a test in a call, or of a call in a test"),
        ((CALL, POLICY, PAUSE, PAUSE), "pause while paused"),
        ((CALL, POLICY, ("resume", 5, "key")), "resume without pause"),
        ((CALL, POLICY, PAUSE, ("dtmf", 8000, 1, "4", "info")), "digit kept while paused"),
        (AGREED[:-1] + (PAUSE, AUDIO_KEYS), "audio while paused"),
        (AGREED[:-1] + (("stopped", 7000, "key"), AUDIO_KEYS), "audio before consent"),
        (AGREED[:-1] + (("stopped", 7000, "key"), AGAIN), "consent before the notice was complete"),
        (AGREED[:-1] + (JOINED, AUDIO_KEYS), "audio before consent"),
        (AGREED[:-1] + (JOINED, AGAIN), "consent before the notice was complete"),
        ((CALL, POLICY, TERMS, NOTICE, CONSENT, AUDIO_KEYS), "audio before the worker was informed"),
        (
            (CALL, POLICY, TERMS, NOTICE, CONSENT, WORKER, JOINED_NEAR, AUDIO_KEYS),
            "audio before the worker was informed",
        ),
        ((CALL, POLICY, TERMS, NOTICE, CONSENT, TOLD_WORKER), "worker said to be told before the notice was complete"),
        (
            (CALL, POLICY, TERMS, TO_WORKER, ("joined", 7550) + JOINED_NEAR[2:], TOLD_WORKER),
            "worker said to be told before the notice was complete",
        ),
    ):
        assert run(script) == wrong, (script, run(script))


def test_objection_after_which_the_audio_is_erased():
    order = events.Order(1)
    for step in (CALL, POLICY, NOTICE, CONSENT, OBJECTION, ("erased", 5400, 4)):
        assert order.event(list(step)) is None
    assert order.erased == 4
    assert order.finish() is None
