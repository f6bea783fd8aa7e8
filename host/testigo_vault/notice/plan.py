"""Which lines of the policy play a notice, what it says for them, and what a text lacks for any of them.

A notice is composed for one line and checked against all that play it: what it says has to be true on each.
"""

from dataclasses import dataclass

from testigo_vault.errors import NotFound, VaultError
from testigo_vault.notice.check import check, check_keys, names_key
from testigo_vault.notice.compose import compose, compose_worker, language_of
from testigo_vault.policy.purposes import purpose_words
from testigo_vault.policy.source import Line, PolicySource
from testigo_vault.toml.types import is_placeholder
from testigo_vault.vocabulary.translator import LANGUAGES, base_language


@dataclass
class Plan:
    """lines: at least one; the first is the one that a text is composed for. worker: it is for the worker's leg."""

    name: str
    language: str
    worker: bool
    lines: list[Line]

    @property
    def other_languages(self) -> list[tuple[str, str]]:
        """[(language, key), ...]: the languages that a caller of the first line may choose instead."""
        if self.worker:
            return []
        return [
            (voice.language, voice.key)
            for voice in self.lines[0].notices
            if voice.key and voice.notice != self.name and base_language(voice.language) != base_language(self.language)
        ]


def for_notice(source: PolicySource, name: str, line_name: str = "", language: str = "", worker: bool = False) -> Plan:
    """The plan of the notice `name`. line_name: compose for that line, else for the first that plays it. language: BCP 47,
    else as the line says. worker: it is for the worker's leg, as it also is where lines name it for that only.

    Raises NotFound where no line plays it and none is named, VaultError where the policy says otherwise.
    """
    recorded = [line for line in source.lines if line.mode != "never"]
    playing = [line for line in recorded if any(voice.notice == name for voice in line.notices)]
    if worker and playing:
        raise VaultError(
            f"Callers of line {playing[0].name} hear the notice {name!r}, so it is no worker's.",
            "Leave out --worker, or choose another name.",
        )
    if not playing:
        playing = [line for line in recorded if line.worker == "notice" and line.worker_notice == name]
        worker = worker or bool(playing)
    chosen = _lines(source, line_name) if line_name else playing
    if not chosen:
        raise NotFound(
            f"No line of {source.path.name} plays the notice {name!r}.",
            "Name it there, or say by --line for which line it is.",
        )
    first = next((line for line in chosen if line in playing), chosen[0])
    lines = [first, *(line for line in playing if line is not first)]
    said = [voice.language for line in lines for voice in line.notices if voice.notice == name]
    wrong = [tag for tag in said if language and base_language(tag) != base_language(language)]
    if wrong:
        raise VaultError(
            f"{source.path.name} plays the notice {name!r} as {wrong[0]!r}, not as {language!r}.",
            "Correct --language, or the policy.",
        )
    return Plan(name, language or (said[0] if said else _language(first)), worker, lines)


def for_line(source: PolicySource, line_name: str = "", language: str = "", worker: bool = False) -> Plan:
    """The plan of a notice without a name: for a line (else the first that is recorded) in a language (else its first)."""
    lines = _lines(source, line_name) if line_name else [line for line in source.lines if line.mode != "never"]
    if not lines:
        raise VaultError(f"No line of {source.path.name} is recorded.", "A notice is needed where one is.")
    language = language or _language(lines[0])
    name = next((v.notice for v in lines[0].notices if base_language(v.language) == base_language(language)), "")
    return Plan(name, language, worker, lines[:1])


def composed(source: PolicySource, plan: Plan, short: bool = False) -> str:
    """The words for the plan's first line. Raises VaultError for what the policy leaves open."""
    line = plan.lines[0]
    words = purpose_words(line.purposes, language_of(plan.language), source.purposes)
    if plan.worker:
        return compose_worker(plan.language, words)
    for setting in ("name", "information"):
        if is_placeholder(getattr(source.controller, setting)):
            raise VaultError(f"controller.{setting} of {source.path.name} is still to be filled in.", "Fill it in.")
    return compose(
        plan.language,
        source.controller.name,
        words,
        source.controller.information,
        line.rule,
        line.accept_key,
        line.object_key,
        plan.other_languages,
        line.tone is not None,
        line.objection,
        short,
    )


def missing(source: PolicySource, plan: Plan, text: str) -> list[str]:
    """What `text` does not say though one of the lines needs it; nothing is asked of a worker's notice.

    Raises VaultError for a language without texts, or a purpose without words in it.
    """
    found: list[str] = []
    if not plan.worker and base_language(plan.language) not in LANGUAGES:
        raise VaultError(
            f"What a notice says in the language {plan.language!r} cannot be checked here.",
            f"Have a speaker of the language check it; known here are {', '.join(LANGUAGES)}.",
        )
    for line in plan.lines if not plan.worker else []:
        words = purpose_words(line.purposes, language_of(plan.language), source.purposes)
        for lack in (
            *check(text, plan.language, source.controller.name, words, source.controller.information),
            *check_keys(text, line.rule, line.accept_key, line.object_key, plan.language),
        ):
            lack = f"{lack} for line {line.name}" if len(plan.lines) > 1 else lack
            if lack not in found:
                found.append(lack)
    return found


def missing_languages(plan: Plan, text: str) -> list[tuple[str, str]]:
    """[(language, key), ...] that callers may choose and `text` does not name."""
    return [(tag, key) for tag, key in plan.other_languages if not names_key(text, key)]


def _lines(source: PolicySource, name: str) -> list[Line]:
    found = [line for line in source.lines if line.name == name]
    if not found:
        names = ", ".join(dict.fromkeys(line.name for line in source.lines))
        raise VaultError(f"{source.path.name} has no line {name!r}.", f"There are {names}.")
    recorded = [line for line in found if line.mode != "never"]
    if not recorded:
        raise VaultError(f"Line {name} is never recorded.", "It needs no notice; correct --line, or its mode.")
    return recorded


def _language(line: Line) -> str:
    if not line.notices:
        raise VaultError(f"Line {line.name} says no language.", "Give --language.")
    return line.notices[0].language
