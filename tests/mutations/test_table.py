"""The table of modules, the mutants that are called equivalent, and the results on the page agree with the tree."""

import re

from mutations import outcome, section, table
from mutations.name import function_at, functions
from support.guide.reliability_page import PAGE, parts
from support.micropython_runner import ROOT
from support.tree import check, text


def test_each_module_has_tests_that_exist():
    modules = table.read().modules
    wrong = [f"{module.source}: {path}" for module in modules for path in module.tests if not (ROOT / path).is_file()]
    check(wrong, f"no such test file; see {table.TABLE.name}")
    assert all(module.tests for module in modules)


def test_a_file_with_an_entry_of_its_own_is_not_taken_with_its_folder(tmp_path):
    path = tmp_path / "table.toml"
    path.write_text(
        '[[module]]\nsource = "firmware/testigo_wire/policy"\ntests = ["a.py"]\n'
        '[[module]]\nsource = "firmware/testigo_wire/policy/consent.py"\ntests = ["b.py"]\n'
    )
    tests = {module.source: module.tests for module in table.read(path).modules}
    assert tests["firmware/testigo_wire/policy/consent.py"] == ("b.py",)
    assert tests["firmware/testigo_wire/policy/decision.py"] == ("a.py",)
    assert not any(source.endswith("__init__.py") for source in tests)


def test_equivalent_mutants_are_of_lines_that_exist():
    """A line that was changed is tried again."""
    gone = []
    for entry in outcome.equivalents():
        path = ROOT / entry.module
        lines = text(path).splitlines() if path.is_file() else []
        places = functions(text(path)) if lines else {}
        where = {function_at(places, number) for number, line in enumerate(lines, 1) if line.strip() == entry.line}
        if entry.function not in where:
            gone.append(f"{entry.module}, {entry.function}: {entry.line}")
    check(gone, f"these lines of {outcome.EQUIVALENT.name} are no longer in the code: remove them, or try again")


def test_reasons_are_one_sentence():
    wrong = [
        f"{entry.line}: {entry.reason}" for entry in outcome.equivalents() if re.search(r"[.!]\s|\.$", entry.reason)
    ]
    check(wrong, "a reason is one sentence without its full stop")
    assert all(entry.reason for entry in outcome.equivalents())


def test_the_page_is_what_the_results_make():
    _, written = parts(PAGE.read_text())
    made = section.as_markdown(outcome.load(), outcome.equivalents())
    assert written == made, "run: make mutations ARGS=--write"
