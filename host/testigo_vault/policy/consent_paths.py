"""The paths that a call can take through the consent table, found with the appliance's own state machine
(testigo_wire.policy.consent)."""

from dataclasses import dataclass

from testigo_vault.policy.source import Line
from testigo_wire.policy import consent, names

RECORDED, UNRECORDED, DESTROYED, PART = "recorded", "unrecorded", "destroyed", "part-kept"
ENDED, ENDED_KEPT = "ended", "ended-and-kept"
OUTCOMES = {
    RECORDED: "the call is recorded",
    UNRECORDED: "the call goes on, nothing is recorded",
    DESTROYED: "the call goes on, what was recorded is destroyed",
    PART: "the call goes on, what was recorded until then is kept",
    ENDED: "the call ends, nothing is recorded",
    ENDED_KEPT: "the call ends, what was recorded until then is kept",
}
# When an event comes that is not the appliance's own.
NOTICE, ASKED, TALKING = "while the notice is played", "after the notice", "while it is recorded"
_SITUATIONS = {
    consent.NOTICE: NOTICE,
    consent.AGREED: NOTICE,
    consent.ASKED: ASKED,
    consent.GIVEN: TALKING,
}
# The appliance's own event where no such event comes.
_BY_ITSELF = {NOTICE: consent.PLAYED, ASKED: consent.SILENCE}

Plan = list[tuple[str, int]]  # (situation, input of the table), in order


@dataclass
class Move:
    """One step: the event, the appliance's action, and the state after it."""

    happens: str
    does: str
    state: str


@dataclass
class Path:
    name: str
    moves: list[Move]
    outcome: str  # a key of OUTCOMES

    @property
    def words(self) -> str:
        return OUTCOMES[self.outcome]


def paths(line: Line, voice: int) -> list[Path]:
    """The paths on a line whose mode is not never. voice: index of the notice that is played first."""
    agreed: Plan = [(ASKED, consent.ACCEPT)] if line.rule == "opt-in" else []
    accept = f"Key {line.accept_key}, to agree,"
    objects = f"Key {line.object_key}, to object," if line.object_key else "Objection by the telephone (SIP)"
    plans: list[tuple[str, Plan]] = [("No key", [])]
    if line.rule == "opt-in":
        plans += [(f"{accept} {when}", [(when, consent.ACCEPT)]) for when in (ASKED, NOTICE)]
    plans.append((f"{objects} {NOTICE}", [(NOTICE, consent.OBJECT)]))
    if line.rule != "notify":
        plans.append((f"{objects} {ASKED}", [(ASKED, consent.OBJECT)]))
    plans.append((f"{objects} {TALKING}", [*agreed, (TALKING, consent.OBJECT)]))
    if line.mode == "on-demand":
        plans.append(("The worker wants no more of it recorded", [*agreed, (TALKING, consent.STOP)]))
    plans.append((f"Another party joins {TALKING}", [*agreed, (TALKING, consent.JOIN), *agreed]))
    plans.append(("The notice is missing or cut short", [(NOTICE, consent.BROKEN)]))
    found = [_walk(line, voice, voice, name, plan) for name, plan in plans]
    for i, other in enumerate(line.notices):
        if i != voice and other.key:
            name = f"Key {other.key}, for {other.language}, {NOTICE}"
            found.append(_walk(line, voice, i, name, [(NOTICE, consent.LANGUAGE), *agreed]))
    return found


def _walk(line: Line, voice: int, chosen: int, name: str, plan: Plan) -> Path:
    """chosen: the notice that is played after a LANGUAGE event."""
    machine = consent.Consent(line.rule, line.repeats, line.objection)
    plan = list(plan)
    moves: list[Move] = []
    event: int | None = consent.START
    action = consent.NOTHING
    held = ended = False
    while event is not None:
        action = machine.handle(event)
        voice = chosen if event == consent.LANGUAGE else voice
        ended = action == consent.END or (event == consent.BROKEN and line.impossible == "refuse-call")
        does = "ends the call" if ended else _does(line, action, voice, held)
        moves.append(Move(_happens(line, event), does, names.CONSENT_STATES[machine.state]))
        held = held or action == consent.RECORD
        event = None if ended else _following(machine.state, plan)
    if ended:
        return Path(name, moves, ENDED_KEPT if held else ENDED)
    if machine.state == consent.GIVEN:
        return Path(name, moves, RECORDED)
    if not held:
        return Path(name, moves, UNRECORDED)
    return Path(name, moves, DESTROYED if action == consent.ERASE else PART)


def _following(state: int, plan: Plan) -> int | None:
    """The next event, or None at the end of the path."""
    situation = _SITUATIONS.get(state, "")
    if plan and plan[0][0] == situation:
        return plan.pop(0)[1]
    return _BY_ITSELF.get(situation)


def _happens(line: Line, event: int) -> str:
    return {
        consent.START: "the worker wants it recorded" if line.mode == "on-demand" else "the call is there",
        consent.PLAYED: "it is heard to its end",
        consent.BROKEN: "it is missing, or not played to its end",
        consent.ACCEPT: f"key {line.accept_key}",
        consent.OBJECT: f"key {line.object_key}" if line.object_key else "the telephone objects",
        consent.SILENCE: f"no key in {line.key_timeout_ms / 1000:g} s",
        consent.LANGUAGE: "a key chooses another language",
        consent.JOIN: "a party joins who has not heard the notice",
        consent.STOP: "the worker's keys to stop",
    }[event]


def _does(line: Line, action: int, voice: int, held: bool) -> str:
    return {
        consent.NOTHING: "goes on",
        consent.PLAY: f"plays {line.notices[voice].notice}",
        consent.WAIT: f"waits {line.key_timeout_ms / 1000:g} s for a key",
        consent.RECORD: "records",
        consent.CONNECT: "connects, unrecorded",
        consent.ERASE: "destroys what it holds" if held else "connects, unrecorded",
        consent.PAUSE: "keeps what it holds, takes no more",
    }[action]
