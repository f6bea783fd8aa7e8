"""Output on the terminal. Through a pipe or into a file nothing is wrapped: programs read it, and people search it."""

import sys

import typer
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn, TransferSpeedColumn

WIDE = 240


def console(stderr: bool = False) -> Console:
    """As wide as the terminal; 240 columns where there is none."""
    stream = sys.stderr if stderr else sys.stdout
    return Console(stderr=stderr, highlight=False, width=None if stream.isatty() else WIDE)


def fail(error: object) -> typer.Exit:
    """Print an error, and return the exception that ends the command with status 1."""
    console(stderr=True).print(f"[red]error:[/] {escape(str(error))}", highlight=False)
    return typer.Exit(1)


def transfer_progress() -> Progress:
    """Bars for what is sent or received: name, share, speed, time left."""
    return Progress(
        TextColumn("{task.description:24}"),
        BarColumn(),
        TransferSpeedColumn(),
        TimeRemainingColumn(),
        console=console(),
    )
