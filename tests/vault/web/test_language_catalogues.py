"""The pages' catalogues are complete, and the list of stored texts agrees with the sources that make them."""

import ast
import re
from pathlib import Path
from string import Formatter

import pytest
from babel.messages.frontend import CommandLineInterface
from babel.messages.pofile import read_po

from support.micropython_runner import ROOT
from testigo_vault.audit import alarms
from testigo_vault.identity import roles
from testigo_vault.objections import register
from testigo_vault.receipt import build
from testigo_vault.web import labels, stored_texts
from testigo_vault.web.language import LOCALE_FOLDER, LOCALES

WEB = LOCALE_FOLDER.parent
# Where the texts of stored_texts.py are made.
SOURCES = [
    *(ROOT / "host/testigo_vault").glob("[!w]*/*.py"),
    ROOT / "host/testigo_vault/service.py",
    ROOT / "host/testigo_vault/watch.py",
    *(ROOT / "host/testigo_vault/web").rglob("*.py"),
    *(ROOT / "firmware/testigo_wire/recording").glob("*.py"),
    *(ROOT / "firmware/testigo_wire/crypto").glob("*.py"),
    *(ROOT / "firmware/recorder/documents").glob("*.py"),
]


@pytest.fixture(scope="module")
def extracted(tmp_path_factory):
    """What Babel finds in the sources today, as `make translations` calls it."""
    target = tmp_path_factory.mktemp("catalogue") / "messages.pot"
    command = [
        "pybabel",
        "-q",
        "extract",
        "-F",
        str(LOCALE_FOLDER / "babel.cfg"),
        "-k",
        "N_",
        "-o",
        str(target),
        str(WEB),
    ]
    CommandLineInterface().run(command)
    with target.open("rb") as file:
        return read_po(file)


def catalogue(code):
    with (LOCALE_FOLDER / code / "LC_MESSAGES" / "messages.po").open("rb") as file:
        return read_po(file)


def ids(messages):
    return {message.id for message in messages if message.id}


def texts(value):
    return list(value) if isinstance(value, (list, tuple)) else [value]


def placeholders(text):
    named = re.findall(r"%\((\w+)\)s", text)
    braces = [name for _, name, _, _ in Formatter().parse(text) if name] if "%(" not in text else []
    return sorted(set(named)), sorted(braces), sorted(re.findall(r"</?\w+[^>]*>", text))


@pytest.mark.parametrize("code", LOCALES)
def test_catalogue_has_every_text_and_no_other(extracted, code):
    found = catalogue(code)
    assert ids(extracted) - ids(found) == set(), "run `make translations` and translate what is new"
    assert ids(found) - ids(extracted) == set(), "run `make translations`"
    assert not found.obsolete
    assert [message.id for message in found if message.id and message.fuzzy] == []


def test_every_text_is_translated_into_spanish():
    untranslated = [message.id for message in catalogue("es") if message.id and not all(texts(message.string))]
    assert untranslated == []


@pytest.mark.parametrize("code", LOCALES)
def test_translations_have_the_placeholders_and_tags_of_the_text(code):
    different = []
    for message in catalogue(code):
        for translation in texts(message.string):
            # A singular may leave the number out; the plural has every placeholder.
            if translation and message.id and placeholders(translation) != placeholders(texts(message.id)[-1]):
                different.append((message.id, translation))
    assert different == []


def templates_in(path: Path):
    """Every string of a Python file, with its values as {}."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.JoinedStr):
            yield "".join(part.value if isinstance(part, ast.Constant) else "{}" for part in node.values)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield re.sub(r"%[sd]", "{}", node.value)


def test_stored_texts_are_those_that_the_sources_make():
    own = {WEB / "stored_texts.py", WEB / "labels.py"}
    made = {template for path in SOURCES if path not in own for template in templates_in(path)}
    stale = []
    for text in stored_texts.TEXTS:
        template = re.sub(r"\{\w+\}", "{}", text)
        # A text may be put together: a kind before " after the seal", "code item 3" before ": what is wrong".
        pieces = (
            [template]
            if template in made
            else [piece for piece in template.split("{}") if len(piece.strip(" :;.(,)")) > 2]
        )
        stale += [text for piece in pieces if not any(piece in one for one in made)]
    assert stale == [], "the sources say this in other words now: change stored_texts.py"


def errors_of(path: Path):
    """The texts that a module raises: (line, text)."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Raise) and isinstance(node.exc, ast.Call):
            for argument in node.exc.args:
                if isinstance(argument, ast.JoinedStr):
                    parts = argument.values
                    yield node.lineno, "".join(part.value if isinstance(part, ast.Constant) else "{}" for part in parts)
                elif isinstance(argument, ast.Constant) and isinstance(argument.value, str):
                    yield node.lineno, argument.value


def test_every_error_that_a_page_can_show_has_a_translation():
    reachable = ["playback/unlocked_keys.py", "playback/decrypt.py", "recordings/search.py"]
    known = {re.sub(r"\{\w+\}", "{}", text) for text in stored_texts.ERRORS}
    missing = []
    for name in reachable:
        for line, text in errors_of(ROOT / "host/testigo_vault" / name):
            if text not in known:
                missing.append(f"{name}:{line}: {text}")
    assert missing == []


def kinds_written(path: Path):
    """The kinds of access that a module writes: the second argument of log.append and log.attempt."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if not isinstance(node, ast.Call) or len(node.args) < 2:
            continue
        if not ast.unparse(node.func).endswith(("log.append", "log.attempt")):
            continue
        if isinstance(node.args[1], ast.Constant):
            yield node.args[1].value


def test_every_kind_of_access_has_a_label():
    kinds = {
        kind for folder in ("host", "tools") for path in (ROOT / folder).rglob("*.py") for kind in kinds_written(path)
    }
    assert {"view", "play", "export", "revoke-device", "open-audio"} <= kinds, (
        "this test does not find the kinds any more"
    )
    rights = set().union(*roles.ROLES.values())
    assert kinds | rights | set(register.KINDS) | {build.LOGGED} <= set(labels.ACCESS_KINDS)


def test_every_kind_of_alarm_has_a_label():
    kinds = {value for name, value in vars(alarms).items() if name.isupper() and name != "FILE_NAME"}
    assert kinds == set(labels.ALARM_KINDS)


def test_templates_have_no_text_outside_the_catalogues():
    """All text of a template stands in _() or {% trans %}, but for names and commands."""
    names = {"Testigo", "SHA-256"}
    found = []
    for path in (WEB / "templates").glob("*.html"):
        text = re.sub(
            r"{%-? *trans.*?endtrans *-?%}|{%.*?%}|{{.*?}}", "", path.read_text(encoding="utf-8"), flags=re.DOTALL
        )
        attributes = re.findall(r'\b(?:title|alt|placeholder|aria-label|data-label)="([^"]+)"', text)
        text = re.sub(r"<code.*?</code>|<[^>]*>", "\n", text, flags=re.DOTALL)
        words = {line.strip() for line in [*text.splitlines(), *attributes] if re.search("[a-zA-Z]", line)}
        found += [f"{path.name}: {word}" for word in sorted(words - names)]
    assert found == []
