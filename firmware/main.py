"""Starts the appliance. On a chip MicroPython runs this file at boot; on Unix the arguments are `name=value`.

    micropython main.py root=DIR [board=virtual] [console=no]

In service mode (docs/technician.md) it does not start, and the chip's REPL answers.
"""

import sys

arguments = dict(a.split("=", 1) for a in sys.argv[1:] if "=" in a)
if "board" in arguments:
    here = __file__.rpartition("/")[0] or "."
    sys.path[:0] = [here, here + "/../boards/" + arguments["board"]]
else:
    import micropython

    micropython.kbd_intr(-1)  # first of all: a greeting of the serial link has the byte of Ctrl-C in it

import board  # noqa: E402

from recorder.hal import port  # noqa: E402

if port(board).service_asked(board):
    print("testigo: service mode")
else:
    try:
        from recorder.main import start

        start(board, arguments)
    except Exception as exc:  # noqa: BLE001 - a chip that stays at the prompt records nothing and is open to anyone
        if not port(board).crashed(exc):
            raise
