"""A process on a Linux machine: MicroPython's Unix port, sockets of the host, a pty as serial port."""

NAME = "virtual"
CHIP = "unix"
HAL = "hal_unix"
HEAP_SMALL = False
