"""What MicroPython runs at the boot of a chip: the recorder, on the board that was installed beside it.

The board's button, held while this runs (a second after a reset), leaves the chip at MicroPython's prompt.
"""

import board
from machine import Pin

if not hasattr(board, "BUTTON") or Pin(board.BUTTON, Pin.IN).value():
    from recorder.main import main

    main(board)
