"""The mutants of a module, and trying them in a copy of the tree."""

import subprocess
import sys
import time

import pytest
from cosmic_ray.mutating import mutate_code
from cosmic_ray.work_item import TestOutcome as Verdict

from mutations import mutants, table
from mutations.copies import Copy, NotGreen, is_timeout
from mutations.mutants import CannotParse
from mutations.operators import RemoveStatement
from mutations.session import Session
from mutations.table import Module
from support.micropython_runner import ROOT

SOURCE = "firmware/testigo_wire/policy/key_sequence.py"
TEST = "tests/wire/policy/test_key_sequence.py"
MODULE = Module(SOURCE, (TEST,))
TABLE = table.read()
VIPER = """\
import micropython
X = const(3)

@micropython.viper
def f(dst: ptr8, n: int):
    d = int(dst)
    w = ptr32(d)
    w[0] = w[0] ^ X
    g(d)
    while d < n:
        d += 1
    return d
"""


def lines_of(source: str, operator: str) -> list[str]:
    """What the operator makes of the source, by its changed lines."""
    found = []
    for item in mutants.work_items(MODULE, source, TABLE):
        if item.mutations[0].operator_name == operator:
            mutant = mutants.Mutant(MODULE, source, {}, item)
            found += [mutant.name.becomes] if mutant.code else []
    return found


def test_source_that_is_for_micropython_only_is_mutated():
    assert lines_of(VIPER, "core/ReplaceComparisonOperator_Lt_LtE") == ["while d <= n:"]
    assert "w[0] = w[0] ^ X" not in lines_of(VIPER, "core/NumberReplacer")
    assert "X = const( 4)" in lines_of(VIPER, "core/NumberReplacer")


def test_statements_with_an_effect_are_left_out():
    changed = [mutate_code(VIPER, RemoveStatement(), occurrence).splitlines() for occurrence in range(3)]
    removed = [line for lines in changed for line, old in zip(lines, VIPER.splitlines(), strict=True) if line != old]
    assert removed == ["    pass"] * 2 + ["        pass"], "w[0] = ..., g(d), d += 1; not d = int(dst)"
    assert mutate_code(VIPER, RemoveStatement(), 3) is None
    for example in RemoveStatement.examples():
        assert mutate_code(example.pre_mutation_code, RemoveStatement(), 0) == example.post_mutation_code


def test_what_does_not_compile_or_changes_annotations_only_is_no_mutant():
    assert lines_of("def f(a: int | None) -> int | None:\n    pass\n", "core/ReplaceBinaryOperator_BitOr_Add") == []
    assert lines_of("for a in b:\n    break\n", "core/ReplaceBreakWithContinue") == ["continue"]


def test_source_that_cannot_be_parsed_is_told():
    with pytest.raises(CannotParse, match=rf"{SOURCE}:2: "):
        mutants.work_items(MODULE, "a = 1\nif a\n    b = 2\n", TABLE)


def test_every_module_of_the_table_can_be_parsed():
    for module in TABLE.modules:
        assert mutants.work_items(module, module.path.read_text(), TABLE) or "\nif " not in module.path.read_text()


def test_a_seed_gives_the_same_order_each_time_and_every_place_first():
    source = MODULE.path.read_text()
    items = mutants.work_items(MODULE, source, TABLE)
    one, again, other = (mutants.in_order(items[::step], seed) for step, seed in ((1, "1"), (-1, "1"), (1, "2")))
    assert one == again != other and sorted(map(str, one)) == sorted(map(str, items))
    places = [item.mutations[0].start_pos for item in one]
    assert len(set(places[: len(set(places))])) == len(set(places))


@pytest.fixture(scope="module")
def copy(tmp_path_factory):
    return Copy(tmp_path_factory.mktemp("copy"))


def test_a_mutant_is_killed_or_survives_and_the_run_is_continued(copy, tmp_path):
    before = MODULE.path.read_bytes()
    assert copy.measure(MODULE) > 0
    session = Session(MODULE, TABLE, 1, tmp_path)
    killed = session.sample(None, "`if now - self._last > GAP_MS:` becomes `if now - self._last < GAP_MS:`")
    # Nothing presses more than six keys that matter, so one key more in the memory changes nothing.
    alive = session.sample(None, "becomes `self._typed = (self._typed + digit)[- 7:]`")
    assert len(killed) == len(alive) == 1
    for mutant in killed + alive:
        session.keep(mutant.item, copy.try_mutant(MODULE, mutant.item, 60))
    session.close()
    session = Session(MODULE, TABLE, 2, tmp_path)
    assert [mutant.name for mutant in session.untried(killed + alive)] == [alive[0].name]
    found = session.outcome(list(session.tried()))
    assert (found.tried, found.killed, found.by_time) == (2, 1, 0) and found.survivors == (alive[0].name,)
    session.close()
    assert (copy.folder / SOURCE).read_bytes() == MODULE.path.read_bytes() == before


def test_the_packages_of_the_copy_are_tested(copy):
    test = copy.folder / "tests" / "wire_host" / "test_where.py"
    test.write_text(
        "import testigo_tools, testigo_vault, testigo_wire\n"
        "def test_where():\n"
        "    for package in (testigo_tools, testigo_vault, testigo_wire):\n"
        f"        assert package.__file__.startswith({str(copy.folder)!r})\n"
    )
    copy.measure(Module(SOURCE, ("tests/wire_host/test_where.py",)))


def test_tests_that_fail_without_a_mutation_are_named(copy):
    (copy.folder / "tests" / "wire_host" / "test_red.py").write_text("def test_of_red():\n    assert 0\n")
    with pytest.raises(NotGreen, match=r"FAILED tests/wire_host/test_red\.py::test_of_red"):
        copy.measure(Module(SOURCE, ("tests/wire_host/test_red.py",)))


def test_tests_that_hang_are_killed_by_time_with_what_they_started(copy):
    (copy.folder / "tests" / "wire_host" / "test_hang.py").write_text(
        "import subprocess, time, pathlib\n"
        "def test_hang():\n"
        "    child = subprocess.Popen(['sleep', '1000'], start_new_session=True)\n"
        "    pathlib.Path('child').write_text(str(child.pid))\n"
        "    time.sleep(1000)\n"
    )
    (mutant,) = Session(MODULE, TABLE, 1, copy.folder / "sessions").sample(1)
    limit_s = 5 * copy.measure(MODULE)  # enough to begin the test, also on a busy machine
    result = copy.try_mutant(Module(SOURCE, ("tests/wire_host/test_hang.py",)), mutant.item, limit_s)
    assert is_timeout(result) and result.test_outcome == Verdict.KILLED
    child = (copy.folder / "child").read_text()
    for _ in range(200):
        if not _runs(child):
            break
        time.sleep(0.01)
    assert not _runs(child)


def _runs(process: str) -> bool:
    try:
        with open(f"/proc/{process}/stat") as file:
            return file.read().rpartition(") ")[2][0] not in "ZX"
    except OSError:
        return False


def test_the_command_lists_mutants_and_refuses_an_unknown_module():
    command = [sys.executable, str(ROOT / "tests" / "mutations")]
    listed = subprocess.run(
        [*command, "--module", "key_sequence", "--count", "3", "--list"], capture_output=True, text=True, check=True
    )
    assert listed.stdout.count(f"{SOURCE}, ") == 3
    refused = subprocess.run([*command, "--module", "no/such"], capture_output=True, text=True)
    assert refused.returncode == 2 and "'no/such'" in refused.stderr
