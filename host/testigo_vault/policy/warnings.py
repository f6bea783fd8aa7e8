"""Warnings: settings that are allowed, but that the law or good practice usually wants otherwise. They stop nothing.

They are facts to consider, not legal advice. Each names the article it comes from, or what happens otherwise.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from testigo_vault.policy import emergency_warnings
from testigo_vault.policy.checks import unfilled
from testigo_vault.policy.source import Line, PolicySource
from testigo_vault.toml.positions import Setting
from testigo_vault.toml.reader import Problem

SOON = timedelta(days=30)
LONGEST_MS = 12 * 3_600_000  # a recording of 1 GiB is refused by the vault: about 14 hours

Found = Iterator[tuple[Setting, str]]


def warnings(source: PolicySource, now: datetime) -> list[Problem]:
    """In the order of the file's lines. now: with a time zone."""
    found = [*_whole(source, now), *emergency_warnings.site(source)]
    for i, line in enumerate(source.lines):
        if line.mode != "never":
            found += [(("lines", i, *setting), reason) for setting, reason in emergency_warnings.line(line, source)]
            for check in (_law, _duty, _germany, _asked, _voices, _numbers, _useless):
                found += [(("lines", i, *setting), reason) for setting, reason in check(line, source)]
    to_be_filled_in = unfilled(source)
    return sorted(source.file.problem(setting, reason) for setting, reason in found if setting not in to_be_filled_in)


def _whole(source: PolicySource, now: datetime) -> Found:
    today = now.astimezone(ZoneInfo(source.timezone)).date()
    if source.valid_until and today <= source.valid_until < today + SOON:
        yield ("valid_until",), f"is {source.valid_until}: from the next day on appliances record nothing"
    if source.valid_from > today:
        yield (
            ("valid_from",),
            f"is {source.valid_from}: until then appliances record nothing, even by an earlier policy",
        )
    recorded = [line for line in source.lines if line.mode != "never"]
    if recorded and not source.numbering.country_code:
        text = "is missing: numbers dialled without it are no E.164, so that lists of numbers and objections miss them"
        yield ("numbering", "country_code"), f"{text}, and of emergency numbers only 112, 911 and the like are known"
    if source.timezone == "UTC" and any(line.schedule for line in recorded):
        yield ("timezone",), "is UTC, and there are schedules: are they meant in UTC?"
    if any(line.high_level for line in recorded) and not source.controller.dpo:
        yield ("controller", "dpo"), "is missing: data of the high level need a data protection officer (GDPR 37(1)(c))"


def _law(line: Line, source: PolicySource) -> Found:
    if line.basis == "consent" and line.rule in ("notify", "opt-out"):
        text = (
            "consent needs an act of the person, silence is none (GDPR 4(11), recital 32): use opt-in, or another basis"
        )
        yield ("rule",), f"is {line.rule} with basis consent: {text}"
    if line.rule == "opt-in" and line.basis != "consent":
        text = "who is asked to agree takes it for consent (GDPR 7): name that basis, or use notify or opt-out"
        yield ("basis",), f"is {line.basis} with rule opt-in: {text}"
    if line.high_level and line.rule != "opt-in":
        text = "such data need explicit consent or another ground of GDPR 9(2)"
        yield ("rule",), f"is {line.rule} with high_level: {text}"
    if line.basis in ("legitimate-interest", "public-task") and not line.object_key:
        yield ("object_key",), f"is missing: with basis {line.basis} people have the right to object (GDPR 21(1))"


def _duty(line: Line, source: PolicySource) -> Found:
    if line.basis == "legal-obligation":
        if line.rule != "notify":
            yield ("rule",), f"is {line.rule} with basis legal-obligation: a duty to record does not depend on a key"
        if line.object_key and line.objection == "connect":
            yield ("objection",), "is connect with basis legal-obligation: the call would go on without its recording"
        if line.impossible == "connect-unrecorded":
            text = "is connect-unrecorded with basis legal-obligation: where recording is a duty, use refuse-call"
            yield ("impossible",), text
        if line.mode == "on-demand":
            yield ("mode",), "is on-demand with basis legal-obligation: a duty to record does not depend on the worker"
    elif line.objection == "end-call":
        text = "is end-call without a duty to record (basis legal-obligation): an objection should cost nothing (GDPR 21, 7(3))"
        yield ("objection",), text


def _germany(line: Line, source: PolicySource) -> Found:
    if source.jurisdiction.upper().startswith("DE") and line.rule != "opt-in" and line.basis != "legal-obligation":
        text = "recording the spoken word without leave is an offence there (section 201 StGB): use opt-in"
        yield ("rule",), f"is {line.rule} in jurisdiction {source.jurisdiction}: {text}"


def _asked(line: Line, source: PolicySource) -> Found:
    if line.rule == "opt-in" and not line.object_key:
        text = "is missing: consent is as easy to withdraw as to give (GDPR 7(3)), so name a key for it"
        yield ("object_key",), text
    if line.mode == "on-demand" and not line.keys.start:
        text = "is missing: on demand, only a telephone with SIP's a=recordpref, or this vault, can begin"
        yield ("keys", "start"), text
    if not 0 < line.max_ms <= LONGEST_MS:
        value = f"is {line.max_ms // 60_000}" if line.max_ms else "is missing"
        yield ("longest_minutes",), f"{value}: the vault takes no recording beyond 1 GiB, about 14 hours"


def _voices(line: Line, source: PolicySource) -> Found:
    for j, voice in enumerate(line.notices):
        if j and not voice.key and not voice.called:
            yield ("notices", j), "is never played: give it a key, or prefixes of called numbers"


def _numbers(line: Line, source: PolicySource) -> Found:
    for name, prefixes in (("only", line.only), ("except", line.except_)):
        for j, prefix in enumerate(prefixes):
            if not prefix.startswith("+") and not emergency_warnings.means_one(prefix, source):
                text = f"fits short numbers dialled as they stand, such as extensions; for an area write +...{prefix}"
                yield (name, j), f"is {prefix!r}: it {text}"


def _useless(line: Line, source: PolicySource) -> Found:
    """Settings that have no effect, on which the user may wrongly rely."""
    if line.accept_key and line.rule == "notify":
        yield ("accept_key",), "means nothing with rule notify: no key is needed"
    if line.worker_notice and line.worker != "notice":
        yield ("worker_notice",), f"means nothing: worker is {line.worker}"
    if line.mode != "on-demand" and (line.keys.start or line.keys.stop):
        yield ("keys", "start" if line.keys.start else "stop"), f"means nothing with mode {line.mode}"
    if line.notice_legs == "both" and line.order == "notice-first" and line.direction != "out":
        text = "of incoming calls only the other party hears it, since the worker's telephone rings later: use answer-first"
        yield ("notice_legs",), f"is both with order notice-first: {text}"
    if line.rule == "opt-out" and line.repeats:
        yield ("repeats",), "means nothing with rule opt-out: without a key the call is recorded"
