"""Unloads modules: on a small heap, code that is rarely used is not kept in memory."""

import sys

stays = ()  # what is not unloaded, see preload.py


def unload(*names):
    """names: full names of modules that nothing else refers to. The next import loads them again."""
    for name in names:
        if name not in stays and sys.modules.pop(name, None) is not None:
            package, _, module = name.rpartition(".")
            delattr(sys.modules[package], module)
