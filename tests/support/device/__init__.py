"""What tests on MicroPython use."""
