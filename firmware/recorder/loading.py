"""Takes modules out of memory again: on a small heap code that serves now and then is not kept in between."""

import sys


def unload(*names, package="recorder"):
    """names: modules of the package that nobody holds on to; the next import loads them anew."""
    for name in names:
        if sys.modules.pop(package + "." + name, None) is not None:
            delattr(sys.modules[package], name)
