"""Dependencies point one way: testigo_wire <- recorder; testigo_wire <- testigo_vault <- testigo_tools."""

import sys

import pytest

from support.tree import below, imports, name

# No I/O, no clock, no files, no asyncio: a module that is not listed needs a reason.
WIRE_MAY = {"binascii", "hashlib", "micropython", "struct", "array", "collections", "testigo_wire"}
# What MicroPython has on stock images, and what only the HAL may touch.
HARDWARE = {
    "bluetooth", "esp", "esp32", "espnow", "ffi", "machine", "network", "termios", "vfs",
}  # fmt: skip
RECORDER_MAY = WIRE_MAY | {
    "asyncio", "cryptolib", "errno", "gc", "io", "json", "math", "os", "recorder", "select", "socket", "sys", "time", "tls",
    "uctypes",
}  # fmt: skip
HOST = {"testigo_vault", "testigo_tools"}


def top(names: set[str]) -> set[str]:
    return {name.split(".")[0] for name in names}


@pytest.mark.parametrize("path", below("firmware/testigo_wire", ".py"), ids=name)
def test_the_wire_imports_nothing_that_does_something(path):
    assert top(imports(path)) - WIRE_MAY == set()


@pytest.mark.parametrize("path", below("firmware/recorder", ".py"), ids=name)
def test_the_recorder_imports_what_stock_images_have_and_hardware_in_the_hal_only(path):
    allowed = RECORDER_MAY | {"board"}
    if path.name.startswith("hal_"):
        allowed |= HARDWARE
    assert top(imports(path)) - allowed == set()


@pytest.mark.parametrize("path", below("host/testigo_vault", ".py"), ids=name)
def test_the_vault_knows_neither_tools_nor_device(path):
    assert top(imports(path)) & {"testigo_tools", "recorder"} == set()


@pytest.mark.parametrize("path", below("tools/testigo_tools", ".py"), ids=name)
def test_the_tools_never_import_the_device(path):
    assert "recorder" not in top(imports(path))


@pytest.mark.parametrize("path", below("tools/setup", ".py"), ids=name)
def test_set_up_needs_only_the_standard_library(path):
    own = {module.stem for module in below("tools/setup", ".py")}
    assert top(imports(path)) - own - set(sys.stdlib_module_names) == set()
