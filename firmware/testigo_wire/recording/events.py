"""The events of the index stream, and their order: no audio before notice and consent (docs/formats/events.md).

An event is the array [name, t_ms, ...]; t_ms: milliseconds since the recording's opened_ms.
"""

from testigo_wire.encoding import cbor, schema
from testigo_wire.errors import WireError
from testigo_wire.recording.items import VOCABULARY

NEAR = 0
FAR = 1
_MODE = "'all|on-demand|never"
_RULE = "'notify|opt-out|opt-in"
_CHANNEL = "'rfc4733|info|sdp|"
_WHO = "'key|host|limit|sdp"

# Bytes of the name of an event, also of later vocabularies.
MAX_NAME = 32

# The fields after the name and the time; see encoding/schema.py.
EVENTS = {
    "call": "line:s direction:'in|out caller:s callee:s sip_call_id:s source:'sip|test",
    "policy": "version:u digest:b mode:" + _MODE + " rule:" + _RULE,
    "terms": "basis:s worker:'notice|tone|acknowledgement objection:'connect|end-call high_level:?",
    "notice": "leg:=0|1 language:s name:s digest:#32 played_ms:u total_ms:u completed:?",
    "consent": "rule:" + _RULE + " given:? by:'notice|key|timeout|test|sdp key:k channel:" + _CHANNEL,
    "worker": "by:'notice|tone|acknowledgement reference:s",
    "parties": "caller:s callee:s",
    "tone": "hertz:u length_ms:u interval_ms:u level:u",
    "started": "by:" + _WHO,
    "stopped": "by:" + _WHO,
    "joined": "leg:=0|1 party:s how:'identity|session|conference",
    "media": "leg:=0|1 encoding:s payload_type:u clock_rate:u ptime_ms:u",
    "confirmed": "leg:=0|1 how:'rtp|rtcp|key|none",
    "dtmf": "leg:=0|1 digit:s channel:" + _CHANNEL,
    "on_hold": "leg:=0|1 held:?",
    "pause": "by:" + _WHO,
    "resume": "by:" + _WHO,
    "gap": "leg:=0|1 count:u ms:u why:s",
    "quality": "leg:=0|1 received:u lost:u late:u jitter_us:u bytes:u",
    "objection": "leg:=0|1 key:k channel:" + _CHANNEL,
    "erased": "items:u",
    "unrecorded": "why:s",
    "no_recording": "why:s calls:u since_ms:u until_ms:u",
    "hang_up": "leg:=0|1 status:u reason:s",
    "power_loss": "",
}
# The vocabulary that an event came with, where it is not the first.
SINCE = {"confirmed": 2}


class EventError(WireError):
    """Not an event."""


def parse(plaintext, vocabulary=VOCABULARY):
    """-> [name, t_ms, ...], checked field by field. vocabulary: of the recording's header; 1 in version 1.

    An event that a later vocabulary added has any fields after the time; `known` tells it from the others.
    """
    event = cbor.decode(plaintext)
    if not isinstance(event, list) or len(event) < 2 or not isinstance(event[0], str):
        raise EventError("no known event")
    name = event[0]
    if name in EVENTS and SINCE.get(name, 1) <= vocabulary:
        schema.check(("name:s t_ms:u " + EVENTS[name]).rstrip(), event, name)
        return event
    if vocabulary <= VOCABULARY or not 0 < len(name.encode()) <= MAX_NAME:
        raise EventError("no known event")
    schema.check_value("u", event[1], name + ".t_ms")
    return event


def known(event):
    """Whether a parsed event is of the vocabulary that is read here."""
    return event[0] in EVENTS


def named(event):
    """-> {field name: value} of a parsed event."""
    names = ["name", "t_ms"] + [field.partition(":")[0] for field in EVENTS[event[0]].split()]
    return dict(zip(names, event))


class Order:
    """Checks the order of a recording's events and audio. `event` and `audio` -> what is wrong, or None.

    version: of the recording. From version 2 on, `terms`, `worker` and `confirmed` are owed.
    """

    def __init__(self, version=2):
        self._version = version
        self._seen = 0
        self._t_ms = 0
        self._policy = None
        self._terms = False
        self._worker = False
        self._near_notice_completed = False
        self._test = False
        self._far_notice_completed = False
        self._consent = False
        self._paused = False
        self._audio = False
        self._media = set()
        self._confirmed = set()
        self.objected = False
        # How many items the appliance itself erased.
        self.erased = 0

    def event(self, event):
        """The next event of the index stream."""
        name = event[0]
        self._seen += 1
        if event[1] < self._t_ms:
            return name + " goes back in time"
        self._t_ms = event[1]
        if (self._seen == 1) != (name == "call") or (self._seen == 2) != (name == "policy"):
            return name + " out of place: call, then policy, then the rest"
        check = getattr(self, "_on_" + name, None)
        return check(event) if check else None

    def _on_call(self, event):
        self._test = event[7] == "test"

    def _on_policy(self, event):
        self._policy = event

    def _on_terms(self, event):
        # In version 1 they are not always there; where they are, how the worker was informed is part of the order.
        if self._terms and self._version > 1:
            return "terms again"
        self._terms = True

    def _on_media(self, event):
        self._media.add(event[2])

    def _on_confirmed(self, event):
        if event[2] in self._confirmed:
            return "leg confirmed again"
        self._confirmed.add(event[2])

    def _on_worker(self, event):
        if event[2] == "notice" and not self._near_notice_completed:
            return "worker said to be told before the notice was complete"
        self._worker = True

    def _on_joined(self, event):
        """Notice and consent are needed again for a party who joins."""
        if event[2] == FAR:
            self._far_notice_completed = self._consent = False
        else:
            self._worker = self._near_notice_completed = False

    def _on_stopped(self, event):
        self._far_notice_completed = self._consent = self._paused = False

    def _on_notice(self, event):
        _, _, leg, _, _, _, played_ms, total_ms, completed = event
        if completed and (played_ms < total_ms or not total_ms):
            return "notice said to be complete was cut short"
        if completed and leg == FAR:
            self._far_notice_completed = True
        elif completed:
            self._near_notice_completed = True

    def _on_consent(self, event):
        rule, given, by = event[2:5]
        self._consent = False
        if not given:
            return None
        if self.objected:
            return "consent after an objection"
        if self._policy and rule != self._policy[5]:
            return "consent by another rule than the policy's"
        if self._test != (by == "test"):
            return "consent of a test in a call, or of a call in a test"
        if not self._test:
            if not self._far_notice_completed:
                return "consent before the notice was complete"
            if rule == "opt-in" and by != "key":
                return "consent without the key that the rule asks for"
        self._consent = True

    def _on_objection(self, event):
        self.objected = True
        self._consent = False

    def _on_erased(self, event):
        self.erased += event[2]

    def _on_pause(self, event):
        if self._paused:
            return "pause while paused"
        self._paused = True

    def _on_resume(self, event):
        if not self._paused:
            return "resume without pause"
        self._paused = False

    def _on_dtmf(self, event):
        return "digit kept while paused" if self._paused else None

    def audio(self):
        """An item of the audio stream, keys or frame, that is not gone."""
        self._audio = True
        if self.objected:
            return "audio after an objection"
        if not self._consent:
            return "audio before consent"
        if self._paused:
            return "audio while paused"
        if self._version > 1 and not self._terms and not self._test:
            return "audio without terms"
        if self._terms and not self._worker and not self._test:
            return "audio before the worker was informed"
        policy = self._policy
        if policy is None or (not self._test and (not policy[2] or policy[4] == "never")):
            return "audio without a policy that allows it"
        return None

    def finish(self, cut=False):
        """At the end of the recording. cut: the power or the storage failed, which may be before its first event."""
        if not self._seen and not (cut and not self._audio):
            return "no call event"
        if self.objected and self._audio:
            return "audio is kept although there was an objection"
        if self._version > 1 and not cut:
            if self._seen == 1:
                return "no policy event"
            owed = {NEAR, FAR} if self._audio else self._media
            if not self._test and owed - self._confirmed:
                return "does not say how the media of each leg was confirmed"
        return None
