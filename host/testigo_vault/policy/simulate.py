"""A dry run: what would happen to a call from A to B at a time on a line, step by step, as the appliance would decide it.

The decisions are those of testigo_wire.policy (e164, decision, consent, objections), made on the document that would be
signed. This module puts them into words.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from testigo_vault.policy import describe
from testigo_vault.policy.compiler import emergency_numbers, policy_body
from testigo_vault.policy.consent_paths import Path, paths
from testigo_vault.policy.source import Line, PolicySource
from testigo_wire.policy import decision, e164

EMERGENCY = "emergency"  # the appliance's word (recorder/call/unrecorded_call.py)
RECORDED, UNRECORDED = "asked", "connected-unrecorded"
_RECIPIENTS = [[stream, bytes(8), bytes(65)] for stream in (0, 1)]  # stand for the real ones, which decide nothing

WHY = {
    "no line in the policy": "the policy has no such line in this direction",
    "mode never": "this line is never recorded",
    "objection list": "one of the two numbers is on the list of objections",
    "outside the schedule": "the line is not recorded at this time",
    "not of the numbers to be recorded": "the other party's number is none of those in `only`",
    "of the numbers not to be recorded": "the other party's number is one of those in `except`",
}


@dataclass
class Step:
    """what: which step. says: its outcome, in words. stops: nothing of the call is recorded because of it."""

    what: str
    says: str
    stops: bool = False


@dataclass
class Trial:
    """outcome: "asked", so that the consent decides (paths), or "connected-unrecorded"."""

    caller: str  # E.164, or "" where there is none
    callee: str
    at: datetime
    direction: str
    line: str
    outcome: str
    why: str  # as the record of such a call would have it
    steps: list[Step] = field(default_factory=list)
    paths: list[Path] = field(default_factory=list)


def run(
    source: PolicySource,
    caller: str,
    callee: str,
    at: datetime,
    line_name: str,
    direction: str,
    objected: Callable[[list[str]], bool] | None,
) -> Trial:
    """at: with a time zone. direction: in or out. objected: whether one of some numbers in E.164 is on the list that
    appliances have; None where there is no list to look at."""
    body = policy_body(source, _RECIPIENTS, min(at.date(), source.valid_from))
    now_ms = int(at.timestamp() * 1000)
    dialled = (caller, callee)
    known = [e164.e164(text, body[6]) for text in dialled]
    trial = Trial(known[0], known[1], at, direction, line_name, UNRECORDED, "")
    steps = trial.steps
    if direction == "out" and emergency_numbers(source).find(callee):
        return _emergency(trial, source, at)
    for what, text, number in zip(("Caller", "Called"), dialled, known, strict=True):
        steps.append(Step(what, _number(text, number)))
    steps.append(Step("Time", f"{at:%A %Y-%m-%d %H:%M} ({source.timezone})"))

    trial.why = _not_in_force(body, now_ms)
    if trial.why:
        steps.append(Step("Policy", f"{_in_force(source)}: {trial.why}", True))
        steps.append(Step("Then", "the appliance is a plain gateway: the call is connected and not recorded"))
        return trial
    steps.append(Step("Policy", f"{_in_force(source)}: in force"))

    found = decision.find_line(body[9], line_name, direction)
    line = source.lines[body[9].index(found)] if found else None
    steps.append(_line_step(source, line_name, direction, line))
    hit = bool(objected and line and objected([number for number in known if number]))
    if line:
        steps.append(_objection_step(objected is not None, hit, known))
    other = known[1] if direction == "out" else known[0]
    trial.why = decision.unrecorded_reason(found, now_ms, body[7], other, hit)
    if trial.why:
        steps.append(Step("Recorded", f"no: {WHY.get(trial.why, trial.why)}", True))
        kept = f"; the record keeps {describe.number_kept(line)}" if line else ""
        steps.append(Step("Then", f"the call is connected and not recorded{kept}"))
        return trial
    assert line
    trial.outcome = RECORDED
    voice = decision.first_voice(found, known[1])
    steps += _recorded_steps(source, line, voice, direction)
    trial.paths = paths(line, voice)
    return trial


def _emergency(trial: Trial, source: PolicySource, at: datetime) -> Trial:
    """The appliance recognises it before it looks at the policy."""
    minutes = source.emergency.callback_minutes
    trial.why = EMERGENCY
    back = f"incoming calls are connected at once too for {minutes} minutes" if minutes else "is announced as usual"
    trial.steps = [
        Step("Emergency", "emergency call: connected at once, not recorded", True),
        Step("Time", f"{at:%A %Y-%m-%d %H:%M} ({source.timezone})"),
        Step("Then", "there is a record without audio, with the reason emergency"),
        Step("Call back", back),
    ]
    return trial


def _number(text: str, number: str) -> str:
    if not number:
        return f"{text}: no telephone number; lists of numbers and objections do not know it"
    if not number.startswith("+"):
        short = len(number) < e164.SHORTEST
        why = "a short number, taken as it stands" if short else "no E.164, since [numbering] has no country_code"
        return f"{text}: {why}"
    return number if number == text else f"{text}: {number}"


def _in_force(source: PolicySource) -> str:
    return f"valid from {source.valid_from}" + (f" to {source.valid_until}" if source.valid_until else "")


def _not_in_force(body: list, now_ms: int) -> str:
    """The appliance's words (recorder/documents/store.py, policy_why)."""
    if now_ms < body[0]:
        return "policy not yet valid"
    return "policy expired" if body[1] and now_ms >= body[1] else ""


def _line_step(source: PolicySource, name: str, direction: str, line: Line | None) -> Step:
    if line:
        return Step(
            "Line", f"{describe.title(line)}: {describe.recorded(line, source) if line.mode != 'never' else 'never'}"
        )
    there = ", ".join(f"{line.name} ({line.direction})" for line in source.lines)
    return Step("Line", f"no line {name} for {describe.calls(direction)}; there are {there}")


def _objection_step(looked: bool, hit: bool, known: list[str]) -> Step:
    if not looked:
        return Step("Objections", "no vault here: the list was not looked at")
    if hit:
        return Step("Objections", "on the list", True)
    return Step("Objections", "not on the list" if any(known) else "no number to look for")


def _recorded_steps(source: PolicySource, line: Line, voice: int, direction: str) -> list[Step]:
    spoken = line.notices[voice]
    others = [other for i, other in enumerate(line.notices) if i != voice and other.key]
    choice = "".join(f"; key {other.key} gives {other.notice} ({other.language})" for other in others)
    steps = [Step("Recorded", "if the rule of consent is met" + _on_demand(line))]
    steps.append(Step("Because", describe.because(line, source)))
    steps.append(Step("Notice", f"{spoken.notice} ({spoken.language}) to {_hearers(line, direction)}{choice}"))
    steps.append(Step("Consent", describe.asked(line)))
    steps.append(Step("Worker", describe.worker(line)))
    steps.append(Step("Tone", describe.tone(line)))
    steps.append(Step("Keys", describe.keys(line)))
    steps.append(Step("Longest", f"{line.max_ms / 60_000:g} minutes" if line.max_ms else "no limit"))
    steps.append(Step("If impossible", describe.impossible(line)))
    steps.append(Step("Kept of numbers", describe.numbers_kept(line)))
    return steps


def _on_demand(line: Line) -> str:
    return ", once the worker asks for it" if line.mode == "on-demand" else ""


def _hearers(line: Line, direction: str) -> str:
    if line.mode == "on-demand":
        return (
            "both parties, when it is asked for"
            if line.notice_legs == "both"
            else "the other party, when it is asked for"
        )
    if direction == "out":
        when = "once the other party has answered"
    elif line.order == "notice-first":
        return "the other party, before the worker's telephone rings"
    else:
        when = "after the worker has answered"
    return f"{'both parties' if line.notice_legs == 'both' else 'the other party'}, {when}"
