"""Which modules a device gets, and which it unloads."""

import ast

from testigo_tools.firmware.build import sources
from testigo_tools.firmware.minify import device_paths


def test_a_device_gets_what_the_recorder_imports_and_no_module_of_the_host():
    on_device, everything = set(sources()), set(sources(everything=True))
    recorder = {name for name in everything if name.startswith("recorder/")}
    assert recorder <= on_device < everything
    assert {"testigo_wire/sip/registrar", "testigo_wire/policy/rules"} <= on_device, "imported inside of functions"
    only_on_host = {"link/vault", "console/client", "crypto/sframe_open", "recording/reader", "recording/verifier"}
    assert not on_device & {f"testigo_wire/{name}" for name in only_on_host}


def test_each_module_that_is_unloaded_is_one_of_the_device():
    """`unload` ignores a module that is not loaded, so a wrong name would keep the right module in memory."""
    modules = {name.replace("/", ".") for name in sources()}
    unloaded = {
        argument.value
        for path in sources().values()
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "unload"
        for argument in node.args
        if isinstance(argument, ast.Constant)
    }
    assert "recorder.documents.intake" in unloaded
    assert not unloaded - modules


def test_what_is_loaded_at_the_start_is_of_the_device():
    tree = ast.parse(sources()["recorder/preload"].read_text(encoding="utf-8"))
    names = next(ast.literal_eval(node.value) for node in tree.body if isinstance(node, ast.Assign))
    assert "recorder.sync.session" in names
    assert not set(names) - {name.replace("/", ".") for name in sources()}


def test_no_two_modules_have_one_name_on_the_device():
    paths = device_paths({name: path.read_text(encoding="utf-8") for name, path in sources().items()})
    assert sorted(set(paths)) == sorted(paths)
