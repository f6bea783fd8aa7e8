"""Takes modules out of memory again: on a small heap code that serves now and then is not kept in between."""

import sys


def unload(*names):
    """names: full names of modules that no other object refers to; the next import loads them anew."""
    for name in names:
        if sys.modules.pop(name, None) is not None:
            package, _, module = name.rpartition(".")
            delattr(sys.modules[package], module)
