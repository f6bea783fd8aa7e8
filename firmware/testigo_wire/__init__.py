"""The formats that the appliance and the vault share: no I/O, no clock, no files; runs on MicroPython and CPython."""
