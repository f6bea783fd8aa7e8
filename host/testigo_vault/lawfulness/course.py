"""The course of a call, from its events: who had heard what when consent was given, and when audio may have been captured.

Follows the order of docs/formats/events.md. What breaks that order is found by the verifier; here each audio item gets the
circumstances in which it stands.
"""

from dataclasses import dataclass, field

from testigo_vault.lawfulness.case import FRAMES, GONE, Case

NEAR, FAR = 0, 1
# Fields of an event, after its name and time.
_N_LEG, _N_COMPLETED = 2, 8
END_OF_TIME = 1 << 63


@dataclass
class Answer:
    """A consent that was given. notices: completed ones to the far leg since the last party joined it."""

    event: list
    index: int
    notices: list[list]


@dataclass
class WorkerInformed:
    """notices: completed ones to the near leg since the last party joined it."""

    event: list
    index: int
    notices: list[list]


@dataclass
class AudioRun:
    """Audio items between two events. next_ms: when the next event was written; None: none follows."""

    index: int
    frames: int
    next_ms: int | None
    worker: bool
    after_hang_up: bool


@dataclass
class Interval:
    """From from_ms to until_ms: when audio may be captured, or a pause."""

    from_ms: int
    until_ms: int = END_OF_TIME


@dataclass
class Course:
    answers: list[Answer] = field(default_factory=list)
    workers: list[WorkerInformed] = field(default_factory=list)
    runs: list[AudioRun] = field(default_factory=list)
    allowed: list[Interval] = field(default_factory=list)
    pauses: list[Interval] = field(default_factory=list)
    hung_up_ms: int = END_OF_TIME


def course_of(case: Case) -> Course:
    builder = _Builder(case)
    for step in case.steps:
        if step.event is not None:
            builder.event(step.event, step.index)
        elif step.kind != GONE:
            builder.audio(step.index, step.count if step.kind == FRAMES else 0, case.next_event_ms(step.index))
    return builder.course


class _Builder:
    def __init__(self, case: Case) -> None:
        self.course = Course()
        self._test = case.is_test
        self._consent = self._worker = self._paused = self._over = False
        self._far: list[list] = []
        self._near: list[list] = []

    def event(self, event: list, index: int) -> None:
        handler = getattr(self, "_on_" + event[0], None)
        if handler is not None:
            handler(event, index)
        self._update(event)

    def audio(self, index: int, frames: int, next_ms: int | None) -> None:
        hung_up = self.course.hung_up_ms != END_OF_TIME
        worker = self._worker or self._test
        self.course.runs.append(AudioRun(index, frames, next_ms, worker, hung_up))

    def _update(self, event: list) -> None:
        """Begin or end the interval in which audio may be captured."""
        capturing = self._consent and (self._worker or self._test) and not self._paused and not self._over
        allowed = self.course.allowed
        is_open = bool(allowed) and allowed[-1].until_ms == END_OF_TIME
        if capturing and not is_open:
            allowed.append(Interval(event[1]))
        elif is_open and not capturing:
            allowed[-1].until_ms = event[1]

    def _on_notice(self, event: list, index: int) -> None:
        if event[_N_COMPLETED]:
            (self._far if event[_N_LEG] == FAR else self._near).append(event)

    def _on_consent(self, event: list, index: int) -> None:
        self._consent = event[3]
        if event[3]:
            self.course.answers.append(Answer(event, index, list(self._far)))

    def _on_worker(self, event: list, index: int) -> None:
        self._worker = True
        self.course.workers.append(WorkerInformed(event, index, list(self._near)))

    def _on_joined(self, event: list, index: int) -> None:
        if event[2] == FAR:
            self._consent, self._far = False, []
        else:
            self._worker, self._near = False, []

    def _on_stopped(self, event: list, index: int) -> None:
        self._consent = self._paused = False
        self._far = []
        self._end_pause(event)

    def _on_pause(self, event: list, index: int) -> None:
        self._paused = True
        self.course.pauses.append(Interval(event[1]))

    def _on_resume(self, event: list, index: int) -> None:
        self._paused = False
        self._end_pause(event)

    def _end_pause(self, event: list) -> None:
        pauses = self.course.pauses
        if pauses and pauses[-1].until_ms == END_OF_TIME:
            pauses[-1].until_ms = event[1]

    def _on_objection(self, event: list, index: int) -> None:
        self._consent, self._over = False, True

    def _on_hang_up(self, event: list, index: int) -> None:
        self._over = True
        self.course.hung_up_ms = min(self.course.hung_up_ms, event[1])
