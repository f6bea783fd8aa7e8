"""Names of mutants, and what is kept and written of a run."""

import datetime

from mutations import outcome, section
from mutations.name import Name, functions, of_change
from mutations.outcome import Equivalent, Outcome
from support.guide.reliability_page import parts, with_faults, with_mutations

BEFORE = """\
import a

class Key:
    def take(self, n):
        if n > 1:
            a.mark()
        if n > 1:
            a.mark()
        return n
"""


def named(old: str, new: str, row: int, operator: str = "Any") -> Name:
    lines = BEFORE.splitlines()
    lines[row - 1] = lines[row - 1].replace(old, new)
    return of_change("a.py", operator, row, BEFORE, "\n".join(lines), functions(BEFORE))


def test_a_name_has_the_function_and_both_lines():
    name = named(">", ">=", 5)
    assert name == ("a.py", "Key.take", "Any", "if n > 1:", "if n >= 1:", 1)
    assert str(name) == "a.py, Key.take: `if n > 1:` becomes `if n >= 1:`"
    assert named("a", "b", 1).function == ""


def test_the_same_line_again_in_a_function_is_counted():
    assert named("a.mark()", "pass", 6).nth == 1
    assert named("a.mark()", "pass", 8).nth == 2
    assert str(named(">", "<", 7)) == "a.py, Key.take: `if n > 1:` (2.) becomes `if n < 1:`"


def test_a_name_stays_when_lines_move():
    moved = "# a comment\n\n" + BEFORE
    after = moved.replace("return n", "return 0")
    assert of_change("a.py", "Any", 11, moved, after, functions(moved)) == named("return n", "return 0", 9)


def test_a_removed_decorator_becomes_nothing():
    source = "@cache\ndef f():\n    pass\n"
    name = of_change("a.py", "RemoveDecorator", 1, source, "def f():\n    pass\n", functions(source))
    assert name == ("a.py", "f", "RemoveDecorator", "@cache", "", 1)


NAME = Name("a.py", "f", "NumberReplacer", "x = 1", "x = 2")
SAME = Equivalent("a.py", "f", "Number*", "x = 1", "nothing reads x")


def test_equivalent_mutants_are_told_from_others():
    other = NAME._replace(function="g")
    assert outcome.split([NAME, other], [SAME]) == ([other], [(NAME, "nothing reads x")])
    assert SAME.covers(NAME._replace(becomes="x = 0"))
    assert not SAME.covers(NAME._replace(operator="RemoveStatement"))
    only = Equivalent("a.py", "f", "Number*", "x = 1", "nothing reads x", ("x = 0",))
    assert not only.covers(NAME) and only.covers(NAME._replace(becomes="x = 0"))


def found(module: str, tried: int, survivors: tuple[Name, ...]) -> Outcome:
    return Outcome(module, seed=3, candidates=90, tried=tried, by_time=1, survivors=survivors)


def test_a_run_of_one_module_keeps_the_results_of_the_others():
    day = datetime.date(2026, 1, 2)
    kept = outcome.merged({}, [found("b.py", 10, ()), found("a.py", 20, (NAME,))], day)
    assert list(kept) == ["a.py", "b.py"]
    again = outcome.merged(kept, [found("b.py", 30, ()), found("a.py", 0, ())], datetime.date(2026, 1, 3))
    assert again["a.py"] == kept["a.py"], "nothing was tried of it"
    assert again["b.py"]["tried"] == 30 and again["b.py"]["day"] == "2026-01-03"


def test_the_section_counts_and_names_what_survived():
    other = NAME._replace(line="y = `1`", becomes="y = `2`", nth=2)
    results = outcome.merged({}, [found("a.py", 20, (NAME, other))], datetime.date(2026, 1, 2))
    page = section.as_markdown(results, [SAME])
    assert "**20 mutants tried, 18 killed, 1 equivalent, 1 survived.**" in page
    assert "| a.py | 90 | 20 | 18 | 1 | 1 | 1 |" in page
    assert "- a.py, f: `` y = `1` `` (2.) becomes `` y = `2` ``" in page
    assert "- a.py, f: `x = 1` becomes `x = 2`. nothing reads x" in page


def test_each_writer_replaces_its_part_of_the_page():
    page = with_mutations("faults\n", "\n## Mutations\n")
    assert parts(page) == ("faults\n", "\n## Mutations\n")
    assert parts(with_faults(page, "other faults\n")) == ("other faults\n", "\n## Mutations\n")
    assert parts(with_mutations(page, "\nother\n")) == ("faults\n", "\nother\n")
    assert with_faults("faults\n", "other\n") == "other\n"
