"""Events, outcomes and reasons in words, for pages and for `testigo show`. The words are in `vocabulary/<language>.toml`.

Without a language the words are English, as on the command line.
"""

from collections.abc import Callable

from testigo_vault.lawfulness.findings import sentence
from testigo_vault.printable import visible
from testigo_vault.recordings.placing import CLOCK_SET
from testigo_vault.recordings.rows import GOOD
from testigo_vault.storage.models import Finding, Recording
from testigo_vault.timestamps import utc_text
from testigo_vault.vocabulary.translator import Translator, translator

_ENGLISH = translator("en")
OUTCOMES = _ENGLISH.table("outcomes")
REASONS = _ENGLISH.table("reasons")
AUDIO = _ENGLISH.table("audio")
VERDICTS = _ENGLISH.table("verdicts")
SEVERITIES = _ENGLISH.table("severities")

_SIDES = {0: "near", 1: "far"}


def party(uri: str) -> str:
    """The number or name in a SIP URI, for a heading; any other text as it is."""
    scheme, _, rest = uri.partition(":")
    user, at, _ = rest.partition("@")
    return user if scheme in ("sip", "sips") and user and at else uri


def clock_time(t_ms: int) -> str:
    """Time since the recording was opened, as 1:02.345 or 1:00:02.345."""
    minutes, ms = divmod(t_ms, 60_000)
    hours, minutes = divmod(minutes, 60)
    head = f"{hours}:{minutes:02}" if hours else str(minutes)
    return f"{head}:{ms // 1000:02}.{ms % 1000:03}"


def event(name: str, fields: list, language: str = "en") -> str:
    """One sentence for an event; that it is not known, its name and its fields for one that a later version added."""
    sentence = _EVENTS.get(name)
    if sentence is not None:
        try:
            return visible(sentence(_EventWords(translator(language)), *fields))
        except (TypeError, KeyError, ValueError, IndexError):
            pass
    text = f"{name.replace('_', ' ')} {', '.join(str(field) for field in fields)}".strip()
    return visible(text if sentence else _EventWords(translator(language)).say("unknown-event", event=text))


def finding(found: Finding, language: str = "en") -> str:
    """What the check of lawfulness found; the English text of any other finding."""
    return sentence(found.code, found.details, language) if found.severity else found.text


def clock(recording: Recording, language: str = "en") -> str:
    """How far the appliance's clock is to be trusted for this recording."""
    contradicted = recording.clock == CLOCK_SET and recording.state == GOOD and not recording.time_trusted
    return translator(language).term("clocks", "contradicted" if contradicted else recording.clock)


def answer(given: bool, by: str, key: str, language: str = "en") -> str:
    """What was answered to a notice, and how."""
    words = _EventWords(translator(language))
    if given and by in translator(language).table("allowed"):
        return words.say("allowed", allowed=words.term("allowed", by))
    how = words.term("answers", by).replace("{key}", key)
    return words.say("given" if given else "not-given", how=how)


def why_unrecorded(why: str, language: str = "en") -> str:
    return translator(language).term("unrecorded", why)


def how_informed(by: str, reference: str, language: str = "en") -> str:
    """How a worker was informed, to follow "informed"."""
    return translator(language).term("worker", by).replace("{reference}", reference)


def not_played(why: str, count: int, detail: str, language: str = "en") -> str:
    """What is in a recording and not in its sound, and why (playback/timeline.py)."""
    return visible(translator(language).term("not-played", why).format(count=count, detail=detail))


class _EventWords:
    """The sentences of events in one language."""

    def __init__(self, words: Translator) -> None:
        self.language = words.language
        self.term = words.term
        self.decimal = words.decimal
        self._sentences = words.table("events")

    def say(self, sentence: str, **values: object) -> str:
        return self._sentences[sentence].format(**values)

    def leg(self, leg: int) -> str:
        return self.term("legs", _SIDES.get(leg, "unknown"))

    def number(self, number: str) -> str:
        return number or self._sentences["unknown"]

    def with_who(self, sentence: str, by: str) -> str:
        return self.say(f"{sentence}-by", by=self.term("by", by)) if by else self.say(sentence)


def _call(words, line, direction, caller, callee, sip_call_id, source):
    if source == "test":
        return words.say("call-test")
    return words.say(
        "call-in" if direction == "in" else "call-out",
        line=line or words.say("no-line"),
        caller=words.number(caller),
        callee=words.number(callee),
    )


def _policy(words, version, digest, mode, rule):
    if not version:
        return words.say("policy-none")
    return words.say("policy", version=version, mode=words.term("modes", mode), rule=words.term("rules", rule))


def _notice(words, leg, language, name, digest, played_ms, total_ms, completed):
    return words.say(
        "notice" if completed else "notice-cut",
        name=name,
        language=language,
        leg=words.leg(leg),
        played=words.decimal(f"{played_ms / 1000:.1f}"),
        total=words.decimal(f"{total_ms / 1000:.1f}"),
    )


def _consent(words, rule, given, by, key, channel):
    rule = words.term("rules", rule)
    if given and by in translator(words.language).table("allowed"):
        return words.say("consent-allowed", allowed=words.term("allowed", by), rule=rule)
    said = answer(given, by, key, words.language)
    if not channel:
        return words.say("consent", answer=said, rule=rule)
    return words.say("consent-sent", answer=said, channel=words.term("channels", channel), rule=rule)


def _terms(words, basis, worker, objection, high_level):
    return words.say(
        "terms-high" if high_level else "terms",
        basis=words.term("bases", basis),
        objection=words.term("objections", objection),
    )


def _tone(words, hertz, length_ms, interval_ms, level):
    return words.say(
        "tone", hertz=hertz, length=length_ms, interval=words.decimal(f"{interval_ms / 1000:g}"), level=level
    )


def _joined(words, leg, party, how):
    how = words.term("joined", how)
    return words.say("joined-party" if party else "joined", leg=words.leg(leg), how=how, party=party)


def _media(words, leg, encoding, payload_type, clock_rate, ptime_ms):
    return words.say("media", leg=words.leg(leg), encoding=encoding, clock_rate=clock_rate, ptime=ptime_ms)


def _quality(words, leg, received, lost, late, jitter_us, size):
    jitter = words.decimal(f"{jitter_us / 1000:.1f}")
    return words.say("quality", leg=words.leg(leg), received=received, lost=lost, late=late, jitter=jitter, size=size)


def _objection(words, leg, key, channel):
    sentence = "objection-sdp" if channel == "sdp" else "objection-key" if key else "objection"
    return words.say(sentence, leg=words.leg(leg), key=key)


def _no_recording(words, why, calls, since_ms, until_ms):
    return words.say(
        "no-recording",
        calls=calls,
        since=utc_text(since_ms),
        until=utc_text(until_ms),
        why=words.term("unrecorded", why),
    )


def _hang_up(words, leg, status, reason):
    who = words.term("legs", _SIDES.get(leg, "appliance"))
    return words.say("hang-up-status" if status else "hang-up", leg=who, status=f"{status} {reason}".rstrip())


_EVENTS: dict[str, Callable[..., str]] = {
    "call": _call,
    "policy": _policy,
    "notice": _notice,
    "consent": _consent,
    "media": _media,
    "confirmed": lambda words, leg, how: words.say(f"confirmed-{how}", leg=words.leg(leg)),
    "quality": _quality,
    "dtmf": lambda words, leg, digit, channel: words.say("dtmf", digit=digit, leg=words.leg(leg)),
    "on_hold": lambda words, leg, held: words.say("hold" if held else "hold-end", leg=words.leg(leg)),
    "gap": lambda words, leg, count, ms, why: words.say("gap", ms=ms, count=count, leg=words.leg(leg), why=why),
    "objection": _objection,
    "erased": lambda words, items: words.say("erased", items=items),
    "unrecorded": lambda words, why: words.say("unrecorded", why=words.term("unrecorded", why)),
    "no_recording": _no_recording,
    "pause": lambda words, by="": words.with_who("pause", by),
    "resume": lambda words, by="": words.with_who("resume", by),
    "started": lambda words, by: words.with_who("started", by),
    "stopped": lambda words, by: words.with_who("stopped", by),
    "worker": lambda words, by, reference: words.say("worker", how=how_informed(by, reference, words.language)),
    "parties": lambda words, caller, callee: words.say(
        "parties", caller=words.number(caller), callee=words.number(callee)
    ),
    "terms": _terms,
    "tone": _tone,
    "joined": _joined,
    "hang_up": _hang_up,
    "power_loss": lambda words, *fields: words.say("power-loss"),
}
