"""Events, outcomes and reasons in plain words, for pages and for `testigo show`."""

import unicodedata
from collections.abc import Callable

OUTCOMES = {
    "recorded": "Recorded with consent",
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

_OBEYED = ("Cc", "Cf", "Cs", "Zl", "Zp")
_LEGS: dict[int, str] = {0: "the worker's side", 1: "the other party"}
_CHANNELS = {"rfc4733": "in the audio stream (RFC 4733)", "info": "by SIP INFO", "": ""}
_GIVEN_BY = {
    "notice": "by hearing the notice to its end",
    "key": "by pressing key {key}",
    "timeout": "by not objecting in time",
    "test": "as a self-test",
}


def visible(text: str) -> str:
    """Text of a stranger, such as a SIP header, without what a terminal or a page would obey: control characters, and
    marks that turn the direction of writing round."""
    return "".join("\ufffd" if unicodedata.category(c) in _OBEYED else c for c in text)


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


def _consent(rule, given, by, key, channel):
    how = _GIVEN_BY.get(by, by).format(key=key)
    how += f", sent {_CHANNELS.get(channel, channel)}" if channel else ""
    return f"Consent {'given' if given else 'not given'} {how}. Rule: {RULES.get(rule, rule)}."


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
        f"Objection by {_LEGS.get(leg, 'nobody known')}" + (f" with key {key}" if key else "") + ": recording ends."
    ),
    "erased": lambda items: f"Audio destroyed: {items} items replaced by their digests.",
    "unrecorded": lambda why: f"Connected without recording: {why}.",
    "pause": lambda *fields: "Recording paused.",
    "resume": lambda *fields: "Recording resumed.",
    "hang_up": lambda leg, status, reason: (
        f"Hung up by {_LEGS.get(leg, 'the appliance')}{f' ({status} {reason}'.rstrip() + ')' if status else ''}."
    ),
    "power_loss": lambda *fields: "The appliance had lost power; the recording was closed at the next start.",
}
