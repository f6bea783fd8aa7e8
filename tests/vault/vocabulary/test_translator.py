"""The catalogues of words: every language has every term, and the same names in braces."""

import ast
import re
from pathlib import Path
from string import Formatter

import pytest

from testigo_vault.identity.roles import ROLES
from testigo_vault.policy.purposes import BASES, PURPOSES
from testigo_vault.recordings import wording
from testigo_vault.vocabulary.translator import LANGUAGES, READERS, base_language, join_semicolons, translator

TABLES = {
    "lists", "dates", "directions", "modes", "rules", "days", "objections", "impossible", "numbers-kept", "roles", "rights",
    "outcomes", "reasons", "clocks", "audio", "verdicts", "unrecorded", "legs", "by", "channels", "answers", "allowed",
    "worker", "joined", "events", "not-played", "purposes", "bases", "lawfulness", "lawfulness-values", "severities",
}  # fmt: skip


def names_in(text):
    return sorted({name for _, name, _, _ in Formatter().parse(text) if name is not None})


def test_every_language_has_every_purpose_and_basis():
    for table in ("purposes", "bases"):
        codes = set(translator("en").table(table))
        for language in LANGUAGES:
            words = translator(language).table(table)
            assert set(words) == codes, (language, table)
            assert all(text.strip() for text in words.values()), (language, table)
    assert list(PURPOSES) and set(BASES) == set(translator("de").table("bases"))


def test_reports_and_pages_have_every_table_in_each_of_their_languages():
    for table in sorted(TABLES):
        english = translator("en").table(table)
        for language in READERS:
            words = translator(language).table(table)
            assert set(words) == set(english), (language, table)
            for code, text in words.items():
                assert names_in(text) == names_in(english[code]), (language, table, code)
                assert re.sub(r"\{\w+\}", "", text).strip() or table == "lists", (language, table, code)


def test_every_role_and_right_has_words():
    for language in READERS:
        for role, rights in ROLES.items():
            assert role in translator(language).table("roles")
            assert rights <= set(translator(language).table("rights"))


def test_a_code_without_words_is_shown_as_it_is():
    assert translator("es").term("modes", "of-a-later-version") == "of-a-later-version"
    with pytest.raises(KeyError):
        translator("xx")
    with pytest.raises(KeyError):
        translator("de").table("modes")


def test_lists_are_joined_as_the_language_does():
    assert translator("es").join_list(["a", "b", "c"]) == "a, b y c"
    assert translator("en").join_list(["a", "b"]) == "a and b"
    assert translator("en").join_list(["a"]) == "a" and translator("en").join_list([]) == ""
    assert join_semicolons(["a, b", "c"]) == "a, b; c"
    assert base_language("pt-BR") == base_language("PT_pt") == "pt"


@pytest.mark.parametrize(
    ("event", "says"),
    [
        (("call", "main", "in", "", "+34943", "id", "sip"), "Llamada entrante en la línea main: desconocido a +34943."),
        (("consent", "opt-in", True, "key", "1", "info"), "Consentimiento dado pulsando la tecla 1, por SIP INFO."),
        (("consent", "opt-out", True, "timeout", "", ""), "Se puede grabar: no se pulsó a tiempo ninguna tecla"),
        (("pause", "key"), "Grabación en pausa, con una tecla"),
        (("hang_up", 1, 200, "BYE"), "Colgado por la otra parte (200 BYE)."),
        (("hang_up", 9, 0, ""), "Colgado por el equipo."),
        (
            ("terms", "contract", "tone", "end-call", True),
            "Una oposición termina la llamada. Los datos son de nivel alto.",
        ),
        (("of_a_later_version", "x"), "of a later version x"),
    ],
)
def test_events_in_spanish(event, says):
    assert says in wording.event(event[0], list(event[1:]), "es")


def test_braces_in_a_field_are_shown_as_they_are():
    """A SIP name with braces is text, not a placeholder."""
    sentence = wording.event("parties", ["{callee}", "{0.__class__}"])
    assert sentence == "The numbers in full: {callee} to {0.__class__}."
    assert "{reference}" in wording.how_informed("acknowledgement", "{reference}")


def test_every_reason_that_the_appliance_writes_is_a_term():
    """The reasons are texts in the firmware: events `unrecorded`, the policy's reasons, and those of a policy not in force."""
    root = Path(__file__).resolve().parents[3] / "firmware"
    written = set()
    for path in root.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and [getattr(value, "value", None) for value in node.args[:1]] == [
                "unrecorded"
            ]:
                written |= {value.value for value in node.args[1:] if isinstance(value, ast.Constant)}
            elif isinstance(node, ast.FunctionDef) and node.name in ("unrecorded_reason", "policy_why"):
                written |= {
                    value.value.value
                    for value in ast.walk(node)
                    if isinstance(value, ast.Return) and isinstance(value.value, ast.Constant) and value.value.value
                }
    assert {"storage full", "policy expired", "objection list"} <= written
    assert not written - set(translator("en").table("unrecorded"))
