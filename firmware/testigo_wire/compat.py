"""What MicroPython has built in and CPython lacks."""

try:
    from micropython import const
except ImportError:

    def const(value):
        return value


__all__ = ("const",)
