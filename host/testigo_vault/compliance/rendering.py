"""Fills in the templates of this package: `templates/<language>/<name>.md.j2`."""

from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

from testigo_vault.compliance.facts import ComplianceFacts, day_of, known, known_day
from testigo_vault.policy.source import Line, Span
from testigo_vault.receipt.facts import purpose_words
from testigo_vault.reports.blocks import Report
from testigo_vault.reports.templates import Templates
from testigo_vault.storage.models import User
from testigo_vault.vocabulary.translator import Translator, join_semicolons, translator

_FOLDER = Path(__file__).parent / "templates"


def render(name: str, facts: ComplianceFacts, language: str, **values: Any) -> Report:
    """The report `name`, with a table at its end of the gaps that are in it. values: for this template alone."""
    words = translator(language)
    templates = _templates(language)
    report = templates.report(name, **_values(facts, words), **values)
    gaps = report.gaps()
    if gaps:
        report.blocks += templates.blocks("gaps", gaps=gaps)
    return report


def _values(facts: ComplianceFacts, words: Translator) -> dict[str, Any]:
    def purposes_of(line: Line) -> list[str]:
        return [purpose_words(code, words.language, facts.policy) for code in line.purposes]

    def roles_of(user: User) -> list[str]:
        return [words.term("roles", role) for role in user.roles.split(",")]

    purposes = [join_semicolons(purposes_of(line)) for line in facts.recorded_lines]
    return {
        "facts": facts,
        "policy": facts.policy,
        "signed": facts.signed,
        "made": words.day(facts.made),
        "recorded_lines": facts.recorded_lines,
        "high_level_lines": facts.high_level_lines,
        "all_purposes": list(dict.fromkeys(purposes)),
        "place_names": [place.name for place in facts.places],
        "remote_places": [f"{place.name} ({place.url.split('://')[0]})" for place in facts.places if place.remote],
        "listeners": [user.full_name for user in facts.with_role("supervisor")],
        "purposes_of": purposes_of,
        "roles_of": roles_of,
        "term": words.term,
    }


@cache
def _templates(language: str) -> Templates:
    words = translator(language)
    filters: dict[str, Callable] = {
        "join_list": words.join_list,
        "join_semicolons": lambda items: join_semicolons(list(items)),
        "known": known,
        "known_day": known_day,
        "day": day_of,
        "span": lambda span: _span(span, words),
        "seconds": lambda ms: f"{ms / 1000:g}",
        "minutes": lambda ms: f"{ms / 60_000:g}",
    }
    return Templates(_FOLDER, language, filters)


def _span(span: Span, words: Translator) -> str:
    """Monday – Friday 08:00–18:00"""
    numbers = sorted(span.days)
    days = [words.term("days", day) for day in numbers]
    whole = bool(numbers) and numbers == list(range(numbers[0], numbers[-1] + 1))
    text = f"{days[0]} – {days[-1]}" if len(days) > 2 and whole else words.join_list(days)
    return f"{text} {_clock(span.begin)}–{_clock(span.end)}"


def _clock(minutes: int) -> str:
    return f"{minutes // 60:02}:{minutes % 60:02}"
