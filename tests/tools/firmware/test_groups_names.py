"""MicroPython's table of names doubles when it is full, and a chip has no heap for that."""

import re

from support.micropython_runner import run_micropython
from testigo_tools.firmware.build import build

# The table grows by 20, 40, 80, 160, 320 and 640 names. The next size takes 10 KB.
FULL = 1260
SPARE = 60
LOAD = """
import sys
import micropython
for name in sys.argv[1:]:
    try:
        __import__(name)
    except ImportError as exc:
        print("not run:", name, exc)  # its names are in the table: they are read before it runs
micropython.qstr_info()
"""


def test_there_is_room_in_the_table_of_names_with_everything_loaded(micropython32, tmp_path):
    firmware = build("x86", tmp_path / "firmware")
    modules = sorted(".".join(path.relative_to(firmware).with_suffix("").parts) for path in firmware.rglob("*.mpy"))
    on_chip = [name for name in modules if not name.startswith("recorder.hal_unix")]
    script = tmp_path / "load.py"
    script.write_text(LOAD)
    done = run_micropython(script, on_chip, heap="4m", word="micropython32", paths=[firmware])
    assert done.returncode == 0, done.stdout
    not_run = re.findall(r"not run: (\S+)", done.stdout)
    assert not_run == ["recorder.hal_esp32"], done.stdout
    count = int(re.search(r"n_qstr=(\d+)", done.stdout).group(1))
    assert count <= FULL - SPARE, (
        f"with all modules loaded the firmware has {count} names, {FULL - SPARE} are allowed: at {FULL} MicroPython's table "
        "of names doubles, which takes 10 KB of a chip's heap. Give names that only their module uses a short form (a leading "
        "underscore), put modules that are always loaded together into a group (testigo_tools/firmware/groups.py), or leave "
        "names out (docs/memory.md)."
    )


APART = """
import sys
for name in sys.argv[1:]:
    __import__(name)
print([name for name in sys.modules if name in ("recorder.gateway", "testigo_wire.agent")])
"""


def test_what_runs_without_calls_does_not_load_what_calls_need(micropython32, tmp_path):
    """On a stock ESP32 the self-test and its transfer have no room for SIP. A name that is taken from a module of the group
    loads the whole group."""
    firmware = build("x86", tmp_path / "firmware")
    script = tmp_path / "load.py"
    script.write_text(APART)
    modules = "main start serial_port console_commands diagnostics session selftest intake inventory recovery offers provisioning"
    names = [f"recorder.{name}" for name in modules.split()]
    done = run_micropython(script, names, heap="4m", word="micropython32", paths=[firmware])
    assert done.stdout == "[]\n"
