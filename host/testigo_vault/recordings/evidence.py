"""The evidence of consent of one recording (GDPR article 7): which notice was played, to whom, how much of it, which key
was pressed, when, under which policy. It is made from the sealed events alone.

Consent may be requested more than once in a call: in another language, for each part that the worker wants recorded,
when a party joins (docs/formats/events.md). Each `ConsentRequest` has the notices played for it and its answer.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field

from testigo_vault.recordings.rows import UNLAWFUL
from testigo_vault.recordings.wording import VERDICTS
from testigo_vault.storage.models import Recording

NEAR, FAR = 0, 1
CALL, PART, JOINED = "call", "part", "joined"  # why consent was requested

# Outcomes; wording.VERDICTS has the sentence of each.
GIVEN, GIVEN_IN_PART, REFUSED, UNANSWERED = "given", "given-in-part", "refused", "unanswered"
INFORMED, NOT_OBJECTED = "informed", "not-objected"  # under `notify` and `opt-out`: recording may begin
OBJECTED, WITHDRAWN, NOT_ASKED, TEST = "objected", "withdrawn", "not-asked", "test"


@dataclass
class Notice:
    """A notice that was played to one leg. at_ms: when it ended; times in ms since the recording was opened."""

    leg: int
    language: str
    name: str
    digest: str
    played_ms: int
    total_ms: int
    completed: bool
    at_ms: int

    @property
    def from_ms(self) -> int:
        return max(0, self.at_ms - self.played_ms)


@dataclass
class Answer:
    rule: str
    given: bool
    by: str  # notice, key, timeout, sdp, test
    key: str
    channel: str
    at_ms: int


@dataclass
class ConsentRequest:
    """why: CALL, PART or JOINED. answer: None where the call ended before it, or the notice could not be played."""

    why: str
    notices: list[Notice] = field(default_factory=list)
    answer: Answer | None = None


@dataclass
class Informed:
    """The worker was informed. by: notice, tone, acknowledgement."""

    by: str
    reference: str
    at_ms: int


@dataclass
class Interval:
    """A part of the call that the worker requested to record, or a pause. end_ms: -1 where the call ended first."""

    from_ms: int
    by: str
    end_ms: int = -1
    ended_by: str = ""

    @property
    def length_ms(self) -> int:
        """-1 where the call ended first."""
        return self.end_ms - self.from_ms if self.end_ms >= 0 else -1


@dataclass
class Objection:
    leg: int
    key: str
    channel: str
    at_ms: int


@dataclass
class Joined:
    leg: int
    party: str
    how: str
    at_ms: int


@dataclass
class Tone:
    hertz: int
    length_ms: int
    interval_ms: int
    level: int
    at_ms: int


@dataclass
class Evidence:
    """The consent of a whole call. `given`, `by`, `key`, `channel`, `at_ms` are those of the first answer that gave consent,
    or of the last answer if none did."""

    policy_version: int = 0
    policy_digest: str = ""
    mode: str = ""
    rule: str = ""
    basis: str = ""
    worker_way: str = ""
    objection_brings: str = ""
    high_level: bool = False
    notices: list[Notice] = field(default_factory=list)
    consent_requests: list[ConsentRequest] = field(default_factory=list)
    worker: list[Informed] = field(default_factory=list)
    joined: list[Joined] = field(default_factory=list)
    parts: list[Interval] = field(default_factory=list)
    pauses: list[Interval] = field(default_factory=list)
    tones: list[Tone] = field(default_factory=list)
    objections: list[Objection] = field(default_factory=list)
    unrecorded: list[str] = field(default_factory=list)
    erased_items: int = 0
    given: bool = False
    by: str = ""
    key: str = ""
    channel: str = ""
    at_ms: int = -1
    objected_ms: int = -1
    test: bool = False
    unlawful: bool = False

    @property
    def answers(self) -> list[Answer]:
        return [request.answer for request in self.consent_requests if request.answer is not None]

    @property
    def other_notices(self) -> list[Notice]:
        """Notices that request no consent: the worker's own."""
        requesting = [notice for request in self.consent_requests for notice in request.notices]
        return [notice for notice in self.notices if not any(notice is one for one in requesting)]

    @property
    def outcome(self) -> str:
        """One of the outcomes above, or UNLAWFUL."""
        if self.unlawful:
            return UNLAWFUL
        if self.test:
            return TEST
        given = [answer for answer in self.answers if answer.given]
        if self.objections:
            return WITHDRAWN if given and given[0].at_ms <= self.objected_ms else OBJECTED
        if given:
            if len(given) < len(self.answers):
                return GIVEN_IN_PART
            return {"notice": INFORMED, "timeout": NOT_OBJECTED}.get(given[0].by, GIVEN)
        if not self.answers:
            return NOT_ASKED
        return UNANSWERED if self.answers[-1].by == "timeout" else REFUSED

    @property
    def kind(self) -> str:
        """How to show the verdict: good, bad, or neither."""
        if self.outcome == UNLAWFUL:
            return "bad"
        return "good" if self.outcome in (GIVEN, GIVEN_IN_PART, INFORMED, NOT_OBJECTED) else "calm"

    @property
    def verdict(self) -> str:
        return VERDICTS[self.outcome]


def evidence_of(recording: Recording) -> Evidence:
    """From the index."""
    events = ([event.name, event.t_ms, *event.fields] for event in recording.events)
    return evidence_from(events, recording.source == "test", recording.outcome == UNLAWFUL)


def evidence_from(events: Iterable[list], test: bool = False, unlawful: bool = False) -> Evidence:
    """From events [name, t_ms, ...] in their order, as `testigo_wire.events` parses them, digests as bytes or hexadecimal."""
    evidence = Evidence(test=test, unlawful=unlawful)
    builder = _EvidenceBuilder(evidence)
    for name, t_ms, *fields in events:
        handler = getattr(builder, "on_" + name, None)
        if handler is not None:
            handler(t_ms, *(value.hex() if isinstance(value, bytes) else value for value in fields))
    answers = evidence.answers
    if answers:
        decisive = next((answer for answer in answers if answer.given), answers[-1])
        evidence.given, evidence.by, evidence.key = decisive.given, decisive.by, decisive.key
        evidence.channel, evidence.at_ms = decisive.channel, decisive.at_ms
    if evidence.objections:
        evidence.objected_ms = evidence.objections[0].at_ms
    return evidence


class _EvidenceBuilder:
    """Adds one event after the other to the evidence."""

    def __init__(self, evidence: Evidence) -> None:
        self._evidence = evidence
        self._why = CALL
        self._open: ConsentRequest | None = None

    def _request(self) -> ConsentRequest:
        """The request that has no answer yet, or a new one."""
        if self._open is None:
            self._open = ConsentRequest(self._why)
            self._evidence.consent_requests.append(self._open)
        return self._open

    def on_policy(self, t_ms: int, version: int, digest: str, mode: str, rule: str) -> None:
        evidence = self._evidence
        evidence.policy_version, evidence.policy_digest, evidence.mode, evidence.rule = version, digest, mode, rule

    def on_terms(self, t_ms: int, basis: str, worker: str, objection: str, high_level: bool) -> None:
        evidence = self._evidence
        evidence.basis, evidence.worker_way = basis, worker
        evidence.objection_brings, evidence.high_level = objection, high_level

    def on_notice(
        self, t_ms: int, leg: int, language: str, name: str, digest: str, played_ms: int, total_ms: int, completed: bool
    ) -> None:
        notice = Notice(leg, language, name, digest, played_ms, total_ms, completed, t_ms)
        self._evidence.notices.append(notice)
        # Only the far leg is asked for consent. A notice to the near leg belongs to a request where both legs hear the same.
        if notice.leg == FAR or self._open is not None:
            self._request().notices.append(notice)

    def on_consent(self, t_ms: int, rule: str, given: bool, by: str, key: str, channel: str) -> None:
        self._request().answer = Answer(rule, given, by, key, channel, t_ms)
        self._open = None

    def on_worker(self, t_ms: int, by: str, reference: str) -> None:
        self._evidence.worker.append(Informed(by, reference, t_ms))

    def on_joined(self, t_ms: int, leg: int, party: str, how: str) -> None:
        self._evidence.joined.append(Joined(leg, party, how, t_ms))
        if leg == FAR:
            self._why, self._open = JOINED, None

    def on_started(self, t_ms: int, by: str) -> None:
        self._evidence.parts.append(Interval(t_ms, by))
        self._why, self._open = PART, None

    def on_stopped(self, t_ms: int, by: str) -> None:
        _end(self._evidence.parts, t_ms, by)

    def on_pause(self, t_ms: int, by: str = "") -> None:
        self._evidence.pauses.append(Interval(t_ms, by))

    def on_resume(self, t_ms: int, by: str = "") -> None:
        _end(self._evidence.pauses, t_ms, by)

    def on_tone(self, t_ms: int, hertz: int, length_ms: int, interval_ms: int, level: int) -> None:
        self._evidence.tones.append(Tone(hertz, length_ms, interval_ms, level, t_ms))

    def on_objection(self, t_ms: int, leg: int, key: str, channel: str) -> None:
        self._evidence.objections.append(Objection(leg, key, channel, t_ms))

    def on_erased(self, t_ms: int, items: int) -> None:
        self._evidence.erased_items += items

    def on_unrecorded(self, t_ms: int, why: str) -> None:
        self._evidence.unrecorded.append(why)


def _end(intervals: list[Interval], t_ms: int, by: str) -> None:
    if intervals and intervals[-1].end_ms < 0:
        intervals[-1].end_ms, intervals[-1].ended_by = t_ms, by
