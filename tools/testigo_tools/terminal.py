"""Where commands print. Through a pipe or into a file nothing is wrapped: programs read it, and people search it."""

import sys

from rich.console import Console

WIDE = 240


def console(stderr: bool = False) -> Console:
    """As wide as the terminal; as wide as anything needs where there is none."""
    stream = sys.stderr if stderr else sys.stdout
    return Console(stderr=stderr, highlight=False, width=None if stream.isatty() else WIDE)
