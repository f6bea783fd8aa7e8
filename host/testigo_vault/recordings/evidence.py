"""The proof of consent of one recording (GDPR article 7): what was said, to whom, how far, which key, when, by which
policy; drawn from the sealed events, and from nothing else.

A call may be asked more than once: in another language, for each part that the worker wants recorded, when somebody
joins (docs/formats/events.md). Each `Asking` has the notices that were played for it and the answer that it got.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field

from testigo_vault.recordings.rows import UNLAWFUL
from testigo_vault.recordings.wording import VERDICTS
from testigo_vault.storage.models import Recording

NEAR, FAR = 0, 1
CALL, PART, JOINED = "call", "part", "joined"  # why it was asked

# How it came out; words.VERDICTS has the sentence of each.
GIVEN, GIVEN_IN_PART, REFUSED, UNANSWERED = "given", "given-in-part", "refused", "unanswered"
INFORMED, NOT_OBJECTED = "informed", "not-objected"  # under `notify` and `opt-out`: what the rule takes for consent
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
class Asking:
    """why: CALL, PART or JOINED. answer: None where the call ended before it, or the notice could not be given."""

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
class Stretch:
    """A part that the worker wanted recorded, or a pause. end_ms: -1 where the call ended first."""

    from_ms: int
    by: str
    end_ms: int = -1
    ended_by: str = ""

    @property
    def length_ms(self) -> int:
        """-1 where it has no end of its own."""
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
    """All of a call's consent. `given`, `by`, `key`, `channel`, `at_ms` are of the answer that counts: the first one that
    was given, else the last."""

    policy_version: int = 0
    policy_digest: str = ""
    mode: str = ""
    rule: str = ""
    basis: str = ""
    worker_way: str = ""
    objection_brings: str = ""
    high_level: bool = False
    notices: list[Notice] = field(default_factory=list)
    askings: list[Asking] = field(default_factory=list)
    worker: list[Informed] = field(default_factory=list)
    joined: list[Joined] = field(default_factory=list)
    parts: list[Stretch] = field(default_factory=list)
    pauses: list[Stretch] = field(default_factory=list)
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
        return [asking.answer for asking in self.askings if asking.answer is not None]

    @property
    def other_notices(self) -> list[Notice]:
        """Those that asked nothing: the worker's own."""
        asked = [notice for asking in self.askings for notice in asking.notices]
        return [notice for notice in self.notices if not any(notice is one for one in asked)]

    @property
    def outcome(self) -> str:
        """One of the words above, or UNLAWFUL."""
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
    follower = _Follower(evidence)
    for name, t_ms, *fields in events:
        take = getattr(follower, "on_" + name, None)
        if take is not None:
            take(t_ms, *(value.hex() if isinstance(value, bytes) else value for value in fields))
    answers = evidence.answers
    if answers:
        counting = next((answer for answer in answers if answer.given), answers[-1])
        evidence.given, evidence.by, evidence.key = counting.given, counting.by, counting.key
        evidence.channel, evidence.at_ms = counting.channel, counting.at_ms
    if evidence.objections:
        evidence.objected_ms = evidence.objections[0].at_ms
    return evidence


class _Follower:
    """Puts one event after the other where it belongs."""

    def __init__(self, evidence: Evidence) -> None:
        self._evidence = evidence
        self._why = CALL
        self._open: Asking | None = None

    def _asking(self) -> Asking:
        """The one that is open, or a new one."""
        if self._open is None:
            self._open = Asking(self._why)
            self._evidence.askings.append(self._open)
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
        # The near leg is asked nothing: its notice belongs to an asking only where both legs hear the same one.
        if notice.leg == FAR or self._open is not None:
            self._asking().notices.append(notice)

    def on_consent(self, t_ms: int, rule: str, given: bool, by: str, key: str, channel: str) -> None:
        self._asking().answer = Answer(rule, given, by, key, channel, t_ms)
        self._open = None

    def on_worker(self, t_ms: int, by: str, reference: str) -> None:
        self._evidence.worker.append(Informed(by, reference, t_ms))

    def on_joined(self, t_ms: int, leg: int, party: str, how: str) -> None:
        self._evidence.joined.append(Joined(leg, party, how, t_ms))
        if leg == FAR:
            self._why, self._open = JOINED, None

    def on_started(self, t_ms: int, by: str) -> None:
        self._evidence.parts.append(Stretch(t_ms, by))
        self._why, self._open = PART, None

    def on_stopped(self, t_ms: int, by: str) -> None:
        _end(self._evidence.parts, t_ms, by)

    def on_pause(self, t_ms: int, by: str = "") -> None:
        self._evidence.pauses.append(Stretch(t_ms, by))

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


def _end(stretches: list[Stretch], t_ms: int, by: str) -> None:
    if stretches and stretches[-1].end_ms < 0:
        stretches[-1].end_ms, stretches[-1].ended_by = t_ms, by
