"""What the vault commands share: the --vault option, passphrases, error output, the current user."""

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
def report_errors() -> Iterator[None]:
    """Print an error that the user can correct as one line on the terminal and exit with status 1."""
    from sqlalchemy.exc import DBAPIError

    from testigo_vault.errors import VaultError

    try:
        yield
    except VaultError as error:
        errors.print(f"[red]error:[/] {escape(error.message)}")
        if error.hint:
            errors.print(f"       {escape(error.hint)}")
        raise typer.Exit(1) from None
    except DBAPIError as error:
        from testigo_vault.storage.database import DAMAGED

        errors.print(f"[red]error:[/] the index cannot be used: {escape(str(error.orig))}")
        errors.print(f"       {escape(DAMAGED)}")
        raise typer.Exit(1) from None
    except OSError as error:
        if error.filename is None:
            raise  # of no file, as a reader of the output that went away
        errors.print(f"[red]error:[/] {escape(str(error.filename))}: {escape(str(error.strerror))}.")
        errors.print("       Make room for it, or let this user write there; then run the command again.")
        raise typer.Exit(1) from None


@contextlib.contextmanager
def open_vault(folder: Path) -> Iterator["Vault"]:
    """The vault in `folder`, closed afterwards; errors are printed as `report_errors` does."""
    from testigo_vault.vault import Vault

    with report_errors():
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


def current_user() -> str:
    """The user as the access log names it: `os:` and the login name; under sudo that of the user who called it."""
    return "os:" + (os.environ.get("SUDO_USER") or getpass.getuser())
