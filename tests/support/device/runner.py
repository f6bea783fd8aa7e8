"""Runs the `test_` functions of one file on MicroPython; pytest starts it, see `tests/support/micropython_items.py`.

    micropython runner.py [clock] tests/wire/encoding/test_cbor.py [test_name ...]

With `clock`, time passes as clock.py says. Prints `ok <name>`, or `FAILED <name>` after a traceback, one line for each test,
and ends with status 1 if any failed.
"""

import gc
import sys

LIMIT_S = 60


def is_coroutine(value):
    return hasattr(value, "send") and hasattr(value, "throw")


def run(function):
    result = function()
    if is_coroutine(result):
        import asyncio

        asyncio.new_event_loop()  # without the tasks that a test before it has left
        asyncio.run(asyncio.wait_for(result, LIMIT_S))


def main(path, names):
    folder, _, file_name = path.rpartition("/")
    sys.path.insert(0, folder)
    module = __import__(file_name[:-3])
    failed = 0
    for name in names or sorted(name for name in dir(module) if name.startswith("test_")):
        gc.collect()
        try:
            run(getattr(module, name))
        # A failed test must not hide the tests after it, whatever it raised.
        except Exception as error:  # noqa: BLE001
            sys.print_exception(error, sys.stdout)
            print("FAILED", name)
            failed += 1
        else:
            print("ok", name)
    return 1 if failed else 0


arguments = sys.argv[1:]
if arguments[0] == "clock":
    from support.device import clock

    clock.install()
    arguments.pop(0)
sys.exit(main(arguments[0], arguments[1:]))
