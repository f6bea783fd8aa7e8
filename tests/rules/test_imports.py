"""What each tree may import from outside of the project. Who imports whom inside it: see the contracts in pyproject.toml."""

import sys
from collections.abc import Callable, Iterable
from pathlib import Path

from support.tree import below, check, imports, place

# No I/O, no clock, no files, no asyncio: a module that is not listed needs a reason.
WIRE_MAY = {"binascii", "hashlib", "micropython", "struct", "array", "collections", "testigo_wire"}
# What MicroPython has on stock images, and what only the HAL may touch.
HARDWARE = {
    "bluetooth", "esp", "esp32", "espnow", "ffi", "machine", "network", "termios", "vfs",
}  # fmt: skip
RECORDER_MAY = WIRE_MAY | {
    "asyncio", "board", "cryptolib", "errno", "gc", "io", "json", "math", "os", "recorder", "select", "socket", "sys", "time",
    "tls", "uctypes",
}  # fmt: skip


def _top_level(path: Path) -> list[tuple[int, str]]:
    return [(line, module.split(".")[0]) for line, module in imports(path)]


def _offending(paths: Iterable[Path], is_wrong: Callable[[str], bool]) -> list[str]:
    return [
        f"{place(path, line)}: imports {module}"
        for path in paths
        for line, module in _top_level(path)
        if is_wrong(module)
    ]


def _not_allowed(paths: Iterable[Path], allowed: set[str]) -> list[str]:
    return _offending(paths, lambda module: module not in allowed)


def _forbidden(paths: Iterable[Path], forbidden: set[str]) -> list[str]:
    return _offending(paths, lambda module: module in forbidden)


def test_the_wire_imports_no_io_clock_or_files():
    check(_not_allowed(below("firmware/testigo_wire", ".py"), WIRE_MAY), "testigo_wire does no I/O")


def test_the_recorder_imports_what_stock_images_have_and_hardware_in_the_hal_only():
    found = []
    for path in below("firmware/recorder", ".py"):
        found += _not_allowed([path], RECORDER_MAY | (HARDWARE if path.name.startswith("hal_") else set()))
    check(found, "recorder imports what stock MicroPython has, and hardware modules in hal_* only")


def test_the_vault_imports_neither_tools_nor_recorder():
    found = _forbidden(below("host/testigo_vault", ".py"), {"testigo_tools", "recorder"})
    check(found, "testigo_vault does not import testigo_tools or recorder")


def test_the_tools_do_not_import_the_recorder():
    check(_forbidden(below("tools/testigo_tools", ".py"), {"recorder"}), "testigo_tools does not import recorder")


def test_set_up_needs_only_the_standard_library():
    modules = below("tools/setup", ".py")
    own = {module.stem for module in modules}
    found = _not_allowed(modules, own | set(sys.stdlib_module_names))
    check(found, "tools/setup runs before anything is installed")
