"""Runs the `test_` functions of one file on MicroPython; pytest starts it, see `tests/support/micropython_items.py`.

    micropython runner.py tests/wire/encoding/test_cbor.py [test_name ...]

Prints `ok <name>`, or `FAILED <name>` after a traceback, one line for each test, and ends with status 1 if any failed.
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


sys.exit(main(sys.argv[1], sys.argv[2:]))
