"""Every firmware file compiles for the chips and for the Unix port, and nothing in it is for CPython only."""

import ast
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from support.tree import below, check, name, place, syntax
from testigo_tools.firmware.build import BuildError, compile_file

FIRMWARE = [*below("firmware", ".py"), *below("boards", ".py")]
# The decorators of generated machine code: legal in the recorder only, the wire runs on CPython too.
MACHINE_CODE = {"viper", "native", "asm_xtensa", "asm_thumb"}


@pytest.mark.parametrize("march", ["xtensawin", "x64", "x86"])
def test_compiles(march, tmp_path):
    def problem(numbered: tuple[int, Path]) -> str | None:
        number, path = numbered
        try:
            compile_file(path, path.name, tmp_path / f"{number}.mpy", march)
        except BuildError as error:
            return f"{name(path)}: {error}"
        return None

    with ThreadPoolExecutor(2) as pool:
        problems = [found for found in pool.map(problem, enumerate(FIRMWARE)) if found]
    check(problems, f"firmware compiles for {march}")
    assert len(list(tmp_path.iterdir())) == len(FIRMWARE)


def test_the_wire_has_no_machine_code():
    found = [
        f"{place(path, node.lineno)}: {node.attr}"
        for path in below("firmware/testigo_wire", ".py")
        for node in ast.walk(syntax(path))
        if isinstance(node, ast.Attribute) and node.attr in MACHINE_CODE
    ]
    check(found, "testigo_wire runs on CPython too, so it has no viper and no assembler")


def test_nothing_depends_on_assert():
    """Assertions are compiled out of what ships, so they cannot check anything."""
    found = [
        f"{place(path, node.lineno)}: assert"
        for path in FIRMWARE
        for node in ast.walk(syntax(path))
        if isinstance(node, ast.Assert)
    ]
    check(found, "firmware raises exceptions instead of asserting")


def test_no_exception_is_chained():
    """MicroPython prints a warning for each `raise ... from`, on a chip onto the console: the serial link."""
    found = [
        f"{place(path, node.lineno)}: raise ... from"
        for path in FIRMWARE
        for node in ast.walk(syntax(path))
        if isinstance(node, ast.Raise) and node.cause
    ]
    check(found, "firmware does not chain exceptions")
