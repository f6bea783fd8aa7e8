"""What a line of a policy does, in plain words: for `testigo policy check` and `testigo policy try`."""

from testigo_vault.policy.compiler import worker_reference
from testigo_vault.policy.purposes import purpose_words
from testigo_vault.policy.source import Line, PolicySource, Span, Voice
from testigo_vault.vocabulary.translator import base_language, translator

_WORDS = translator("en")


def calls(direction: str) -> str:
    return f"{_WORDS.term('directions', direction)} calls"


def impossible(line: Line) -> str:
    """What happens to a call that cannot be recorded."""
    return _WORDS.term("impossible", line.impossible)


def number_kept(line: Line) -> str:
    """How much of the other party's number stays on record of a call without audio."""
    return _WORDS.term("numbers-kept", line.unrecorded_numbers)


def emergency(source: PolicySource) -> str:
    """What happens to calls for help under every policy, and what this one adds."""
    added, minutes = source.emergency.numbers, source.emergency.callback_minutes
    text = "connected at once, never recorded"
    if added:
        text += f"; also to {', '.join(added)}"
    return f"{text}; call backs the same for {minutes} minutes" if minutes else f"{text}; call backs are announced"


def title(line: Line) -> str:
    return f"Line {line.name}, {calls(line.direction)}"


def describe(line: Line, source: PolicySource) -> list[tuple[str, str]]:
    """[(what, in words), ...] of one line."""
    if line.mode == "never":
        return [("Recorded", "never")]
    return [
        ("Recorded", recorded(line, source)),
        ("Because", because(line, source)),
        ("Asked", asked(line)),
        ("Told", told(line)),
        ("Worker", worker(line)),
        ("Tone", tone(line)),
        ("Keys", keys(line)),
        ("Longest", f"{line.max_ms / 60_000:g} minutes" if line.max_ms else "no limit"),
        ("If impossible", impossible(line)),
        ("Kept of numbers", numbers_kept(line)),
        ("High level", "yes: RD 1720/2007 article 81.3, GDPR article 9" if line.high_level else "no"),
    ]


def recorded(line: Line, source: PolicySource) -> str:
    text = ("" if line.mode == "all" else "on demand, ") + _WORDS.term("modes", line.mode)
    if line.schedule:
        text += f"; {'; '.join(span(part) for part in line.schedule)} ({source.timezone})"
    if line.only:
        text += f"; only of numbers that begin with {', '.join(line.only)}"
    if line.except_:
        text += f"; never of numbers that begin with {', '.join(line.except_)}"
    return text


def span(part: Span) -> str:
    """Monday to Friday 08:00 to 18:00"""
    days = part.days
    if len(days) > 2 and days == list(range(days[0], days[-1] + 1)):
        names = f"{_WORDS.term('days', days[0])} to {_WORDS.term('days', days[-1])}"
    else:
        names = ", ".join(_WORDS.term("days", day) for day in days)
    return f"{names} {clock(part.begin)} to {clock(part.end)}"


def clock(minutes: int) -> str:
    return f"{minutes // 60:02}:{minutes % 60:02}"


def because(line: Line, source: PolicySource) -> str:
    words = []
    for code in line.purposes:
        own = source.purposes.get(code, {})
        # A purpose of the policy itself may have no English words: those of another language say more than its code.
        known = not own or any(base_language(language) == "en" for language in own)
        words += purpose_words([code], "en", source.purposes) if known else list(own.values())[:1]
    return f"to {', '.join(words)}; {_WORDS.term('bases', line.basis)}"


def asked(line: Line) -> str:
    if line.rule == "notify":
        text = "the notice is enough"
    elif line.rule == "opt-out":
        text = f"recorded unless key {line.object_key} is pressed within {line.key_timeout_ms / 1000:g} s of the notice"
    else:
        text = (
            f"recorded only if key {line.accept_key} is pressed within {line.key_timeout_ms / 1000:g} s of the notice"
        )
        if line.repeats:
            text += f"; the notice is given {'once' if line.repeats == 1 else f'up to {line.repeats} times'} more"
    if line.object_key:
        brings = {
            "connect": "ends the recording and destroys what it held",
            "end-call": "ends the call, and what was recorded until then stays",
        }
        text += f"; key {line.object_key}, at any moment, {brings[line.objection]}"
    return text


def voice(part: Voice) -> str:
    how = [f"key {part.key}"] if part.key else []
    how += [f"calls to {', '.join(part.called)}"] if part.called else []
    return f"{part.notice} ({part.language}{', by ' + ' or '.join(how) if how else ''})"


def told(line: Line) -> str:
    order = "before the worker's telephone rings" if line.order == "notice-first" else "after the worker has answered"
    when = f"incoming calls {order}" if line.direction != "out" else "once the other party has answered"
    legs = "both parties hear" if line.notice_legs == "both" else "the other party hears"
    return f"{legs} {', '.join(voice(part) for part in line.notices)}; {when}"


def worker(line: Line) -> str:
    reference = worker_reference(line)
    if line.worker == "tone":
        return "informed by the warning tone"
    if line.worker == "notice":
        return f"hears the notice {reference}"
    return f"acknowledgements: {reference}"


def tone(line: Line) -> str:
    if not line.tone:
        return "none"
    tone = line.tone
    return (
        f"{tone.hertz} Hz for {tone.length_ms} ms each {tone.interval_ms / 1000:g} s, {-tone.level} dBm0, "
        "heard by both parties and recorded"
    )


def keys(line: Line) -> str:
    said = [f"{name} {value}" for name, value in vars(line.keys).items() if value]
    if line.keys.pause:
        said.append(f"a pause ends by itself after {line.pause_limit_ms / 1000:g} s")
    return ", ".join(said) or "none"


def numbers_kept(line: Line) -> str:
    return f"of calls never recorded {number_kept(line)}; of recorded ones the whole numbers"
