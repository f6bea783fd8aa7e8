"""Every firmware file compiles for the chips and for the Unix port, and nothing in it is for CPython only."""

import ast

import pytest

from support.tree import below, name
from testigo_tools.firmware.build import compile_file

FIRMWARE = [*below("firmware", ".py"), *below("boards", ".py")]
# The decorators of generated machine code: legal in the recorder only, the wire runs on CPython too.
MACHINE_CODE = {"viper", "native", "asm_xtensa", "asm_thumb"}


@pytest.mark.parametrize("march", ["xtensawin", "x64", "x86"])
@pytest.mark.parametrize("path", FIRMWARE, ids=name)
def test_compiles(path, march, tmp_path):
    compile_file(path, path.name, tmp_path / "out.mpy", march)


@pytest.mark.parametrize("path", below("firmware/testigo_wire", ".py"), ids=name)
def test_the_wire_has_no_machine_code(path):
    tree = ast.parse(path.read_text(encoding="utf-8"))
    names = {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
    assert names & MACHINE_CODE == set()


@pytest.mark.parametrize("path", FIRMWARE, ids=name)
def test_nothing_rests_on_assert(path):
    """Assertions are compiled out of what ships, so they cannot check anything."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    assert not [node.lineno for node in ast.walk(tree) if isinstance(node, ast.Assert)]


@pytest.mark.parametrize("path", FIRMWARE, ids=name)
def test_no_exception_is_chained(path):
    """MicroPython prints a warning for each `raise ... from`, on a chip onto the console: the serial link."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    assert not [node.lineno for node in ast.walk(tree) if isinstance(node, ast.Raise) and node.cause]
