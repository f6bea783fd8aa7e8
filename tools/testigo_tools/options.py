"""What the verbs of the vault share: where it is, passphrases, errors, who is at the keyboard."""

import contextlib
import getpass
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import typer
from rich.markup import escape

from testigo_tools import terminal

if TYPE_CHECKING:
    from testigo_vault.vault import Vault

console = terminal.console()
errors = terminal.console(stderr=True)

PASSPHRASE = "TESTIGO_PASSPHRASE"
AUDIO_PASSPHRASE = "TESTIGO_AUDIO_PASSPHRASE"

VAULT_OPTION = typer.Option(
    Path(), "--vault", envvar="TESTIGO_VAULT", help="The vault's folder.", show_default="this folder"
)


@contextlib.contextmanager
def told() -> Iterator[None]:
    """Turn errors that a person can do something about into a line on the terminal and exit status 1."""
    from sqlalchemy.exc import DBAPIError

    from testigo_vault.errors import VaultError

    try:
        yield
    except VaultError as error:
        errors.print(f"[red]error:[/] {escape(error.message)}")
        if error.way_out:
            errors.print(f"       {escape(error.way_out)}")
        raise typer.Exit(1) from None
    except DBAPIError as error:
        errors.print(f"[red]error:[/] the index cannot be used: {escape(str(error.orig))}")
        raise typer.Exit(1) from None
    except OSError as error:
        if error.filename is None:
            raise  # of no file, as a reader of the output that went away
        errors.print(f"[red]error:[/] {escape(str(error.filename))}: {escape(str(error.strerror))}.")
        errors.print("       Make room for it, or let this user write there; then run the command again.")
        raise typer.Exit(1) from None


@contextlib.contextmanager
def opened(folder: Path) -> Iterator["Vault"]:
    """The vault in `folder`, closed afterwards; errors are told."""
    from testigo_vault.vault import Vault

    with told():
        vault = Vault(folder)
        try:
            yield vault
        finally:
            vault.close()


def ask_passphrase(variable: str, prompt: str, confirm: bool = False) -> str:
    """From the environment variable, else from the terminal; never from the command line, which others can read."""
    from testigo_vault.errors import VaultError

    value = os.environ.get(variable)
    if value:
        return value
    if not sys.stdin.isatty():
        raise VaultError(f"{prompt} is needed.", f"Set {variable}, or run this at a terminal.")
    value = getpass.getpass(f"{prompt}: ")
    if confirm and getpass.getpass("The same again: ") != value:
        raise VaultError("The two were not the same.", "Run the command again.")
    return value


def person() -> str:
    """The login name at the keyboard, for the access log; behind sudo, the person's own."""
    return "os:" + (os.environ.get("SUDO_USER") or getpass.getuser())
