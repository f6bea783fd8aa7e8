"""Events, outcomes and reasons in plain words, for pages and for `testigo show`."""

from collections.abc import Callable

from testigo_vault.policy import purposes
from testigo_vault.printable import visible

OUTCOMES = {
    "recorded": "Recorded after notice",  # by the rule of the line, which may ask for consent or not
    "objected": "Objected later: audio destroyed",
    "refused": "Objected: nothing recorded",
    "unrecorded": "Connected without recording",
    "unlawful": "Recorded without valid consent",
    "cut": "Cut by a power failure",
    "test": "Self-test",
    "no-call": "No conversation",
    "unknown": "Not known",
}

REASONS = {
    "hang-up": "the call was hung up",
    "objection": "a party objected",
    "refused": "consent was not given",
    "power-loss": "the appliance lost power",
    "unrecorded": "recording was not possible",
    "cancelled": "the caller gave up",
    "failed": "the call failed",
    "test": "a self-test ended",
    "limit": "the longest allowed time was reached",
}

CLOCKS = {
    0: "never set: times are relative to a start that is not known",
    1: "kept over a restart: approximate",
    2: "set by the vault or the network",
}

AUDIO = {
    "none": "no audio was ever recorded",
    "present": "sealed; opens with the audio key",
    "erased": "destroyed; only digests are left",
}

RULES = {
    "notify": "the notice is enough",
    "opt-out": "recorded unless a key is pressed to object",
    "opt-in": "recorded only after a key is pressed to agree",
}

# Of evidence.py, and of indexing.UNLAWFUL.
VERDICTS = {
    "given": "Consent was given before the first sound was recorded.",
    "given-in-part": "Consent was given for a part of the call and refused for another; only the first was recorded.",
    "informed": "The notice was played to its end before the first sound was recorded.",
    "not-objected": "The notice was played to its end, and no objection came in time, before the first sound was recorded.",
    "refused": "Consent was not given, and nothing was recorded.",
    "unanswered": "No key was pressed in time: there was no consent, and nothing was recorded.",
    "objected": "The other party objected before recording began. Nothing was recorded.",
    "withdrawn": "A party objected during the call. No audio is kept.",
    "not-asked": "Consent was not asked for, and nothing was recorded.",
    "test": "A self-test of the appliance: there was nobody to ask.",
    "unlawful": "Audio was recorded without valid consent.",
}

BASES = {code: words["en"] for code, words in purposes.BASES.items()}

# Why a call, or the rest of one, was not recorded: what appliances write -> a sentence without its stop.
UNRECORDED = {
    "no line in the policy": "the policy has no line for it",
    "mode never": "calls on this line are never recorded",
    "objection list": "a number of the call is on the objection list",
    "outside the schedule": "calls on this line are not recorded at that time",
    "not of the numbers to be recorded": "the other party's number is not one of those that are recorded",
    "of the numbers not to be recorded": "the other party's number is one of those that are not recorded",
    "notice missing": "the notice was not there",
    "notice incomplete or not the signed one": "the notice was cut short, or was not the signed one",
    "limit": "the longest allowed time was reached",
    "no keys": "no key was ready to seal it with",
}

WORKER_WAYS = {
    "notice": "by the notice '{reference}', played to its end",
    "tone": "by the warning tone",
    "acknowledgement": "by an acknowledgement on file ({reference})",
}

WHO = {"key": "by a key", "host": "by command", "limit": "by the time limit", "sdp": "by the telephone (SDP)"}

_LEGS: dict[int, str] = {0: "the worker's side", 1: "the other party"}
_CHANNELS = {"rfc4733": "in the audio stream (RFC 4733)", "info": "by SIP INFO", "sdp": "in the SDP (RFC 7866)", "": ""}
_GIVEN_BY = {
    "key": "by pressing key {key}",
    "sdp": "by the telephone's own setting",
    "test": "as a self-test",
}
# What lets recording begin without being consent (GDPR article 4(11): a clear affirmative act).
_ALLOWED_BY = {
    "notice": "the notice was heard to its end",
    "timeout": "no key was pressed in time to object",
}
_REFUSED_BY = {**_GIVEN_BY, "timeout": "as no key came in time"}
_JOINED = {
    "identity": "another identity was announced",
    "session": "another session took its place",
    "conference": "the call became a conference",
}


def party(uri: str) -> str:
    """Who that is, for a heading: the number or name in a SIP URI; anything else as it stands."""
    scheme, _, rest = uri.partition(":")
    user, at, _ = rest.partition("@")
    return user if scheme in ("sip", "sips") and user and at else uri


def clock_time(t_ms: int) -> str:
    """Time since the recording was opened, as 1:02.345 or 1:00:02.345."""
    minutes, ms = divmod(t_ms, 60_000)
    hours, minutes = divmod(minutes, 60)
    head = f"{hours}:{minutes:02}" if hours else str(minutes)
    return f"{head}:{ms // 1000:02}.{ms % 1000:03}"


def event(name: str, fields: list) -> str:
    """One sentence for an event; an event of a later version is told by its name and fields."""
    teller = _EVENTS.get(name)
    if teller is not None:
        try:
            return visible(teller(*fields))
        except (TypeError, KeyError, ValueError, IndexError):
            pass
    return visible(f"{name.replace('_', ' ')} {', '.join(str(field) for field in fields)}".strip())


def _by(who: str) -> str:
    return f", {WHO.get(who, who)}" if who else ""


def _call(line, direction, caller, callee, sip_call_id, source):
    if source == "test":
        return "A self-test began; its sound is made by the appliance."
    kind = "Incoming" if direction == "in" else "Outgoing"
    return f"{kind} call on line {line or '(none)'}: {caller or 'unknown'} to {callee or 'unknown'}."


def _policy(version, digest, mode, rule):
    if not version:
        return "No valid policy: the appliance may not record."
    modes = {"all": "all calls", "on-demand": "on demand", "never": "no calls"}
    return f"Policy version {version} applied: {modes.get(mode, mode)}; {RULES.get(rule, rule)}."


def _notice(leg, language, name, digest, played_ms, total_ms, completed):
    who = _LEGS.get(leg, f"leg {leg}")
    how = "to its end" if completed else "but cut short"
    return f"Notice '{name}' ({language}) played to {who} {how}: {played_ms / 1000:.1f} of {total_ms / 1000:.1f} s."


def answer(given: bool, by: str, key: str) -> str:
    """What was answered to a notice, and how."""
    if given and by in _ALLOWED_BY:
        return f"none, and recording may begin: {_ALLOWED_BY[by]}"
    how = (_GIVEN_BY if given else _REFUSED_BY).get(by, by).format(key=key)
    return f"{'given' if given else 'not given'} {how}"


def _consent(rule, given, by, key, channel):
    if given and by in _ALLOWED_BY:
        return f"Recording may begin: {_ALLOWED_BY[by]}. Rule: {RULES.get(rule, rule)}."
    sent = f", sent {_CHANNELS.get(channel, channel)}" if channel else ""
    return f"Consent {answer(given, by, key)}{sent}. Rule: {RULES.get(rule, rule)}."


def why_unrecorded(why: str) -> str:
    return UNRECORDED.get(why, why)


def how_informed(by: str, reference: str) -> str:
    """How a worker was informed, to follow "informed"."""
    return WORKER_WAYS.get(by, by).format(reference=reference)


def _terms(basis, worker, objection, high_level):
    brings = {"connect": "destroys what is held, and the call goes on unrecorded", "end-call": "ends the call"}.get(
        objection, objection
    )
    level = " The data are of the high level." if high_level else ""
    return f"Legal basis: {BASES.get(basis, basis)}. An objection {brings}.{level}"


def _tone(hertz, length_ms, interval_ms, level):
    return (
        f"Warning tone for both parties from here on: {hertz} Hz for {length_ms} ms every {interval_ms / 1000:g} s, "
        f"at -{level} dBm0."
    )


def _joined(leg, party, how):
    return f"Somebody joined on {_LEGS.get(leg, 'a leg not known')}: {_JOINED.get(how, how)}{f' ({party})' if party else ''}."


def _media(leg, encoding, payload_type, clock_rate, ptime_ms):
    return f"Sound from {_LEGS.get(leg, 'nobody known')}: {encoding}, {clock_rate} Hz, {ptime_ms} ms a packet."


def _quality(leg, received, lost, late, jitter_us, size):
    return (
        f"Quality from {_LEGS.get(leg, 'nobody known')}: {received} packets, {lost} lost, {late} late, "
        f"jitter {jitter_us / 1000:.1f} ms, {size} bytes."
    )


_EVENTS: dict[str, Callable[..., str]] = {
    "call": _call,
    "policy": _policy,
    "notice": _notice,
    "consent": _consent,
    "media": _media,
    "quality": _quality,
    "dtmf": lambda leg, digit, channel: f"Key {digit} pressed by {_LEGS.get(leg, 'nobody known')}.",
    "on_hold": lambda leg, held: (
        f"{_LEGS.get(leg, 'nobody known').capitalize()} {'put the call on hold' if held else 'took the call back'}."
    ),
    "gap": lambda leg, count, ms, why: (
        f"Gap of {ms} ms ({count} packets) from {_LEGS.get(leg, 'nobody known')}: {why}."
    ),
    "objection": lambda leg, key, channel: (
        f"Objection by {_LEGS.get(leg, 'nobody known')}"
        + (f" with key {key}" if key else "")
        + (" in the SDP of its telephone (RFC 7866)" if channel == "sdp" else "")
        + ": recording ends."
    ),
    "erased": lambda items: f"Audio destroyed: {items} items replaced by their digests.",
    "unrecorded": lambda why: f"Connected without recording: {why_unrecorded(why)}.",
    "pause": lambda by="": f"Recording paused{_by(by)}: neither sound nor digits are kept.",
    "resume": lambda by="": f"Recording resumed{_by(by)}.",
    "started": lambda by: f"The worker wanted it recorded from here on{_by(by)}.",
    "stopped": lambda by: f"The worker wanted no more of it recorded{_by(by)}.",
    "worker": lambda by, reference: f"The worker was informed {how_informed(by, reference)}.",
    "parties": lambda caller, callee: f"The numbers in full: {caller or 'unknown'} to {callee or 'unknown'}.",
    "terms": _terms,
    "tone": _tone,
    "joined": _joined,
    "hang_up": lambda leg, status, reason: (
        f"Hung up by {_LEGS.get(leg, 'the appliance')}{f' ({status} {reason}'.rstrip() + ')' if status else ''}."
    ),
    "power_loss": lambda *fields: "The appliance had lost power; the recording was closed at the next start.",
}
