"""`testigo user`: the accounts of the web page and their roles."""

from pathlib import Path

import typer

from testigo_tools.options import VAULT_OPTION, ask_passphrase, console, current_user, open_vault

users = typer.Typer(no_args_is_help=True, help="Manage the accounts of the web page.")
PASSWORD = "TESTIGO_PASSWORD"
_NAME = typer.Argument(..., help="The user name, for signing in.")
_ROLE = typer.Option(
    ..., "--role", help="agent, supervisor, security-officer, auditor, administrator; may be repeated."
)


@users.command()
def add(
    name: str = _NAME,
    role: list[str] = _ROLE,
    full_name: str = typer.Option("", help="The name to show on pages."),
    vault: Path = VAULT_OPTION,
) -> None:
    """Add a user. The password is read from the terminal, or taken from TESTIGO_PASSWORD."""
    from testigo_vault.timestamps import now_ms

    with open_vault(vault) as vault_:
        password = ask_passphrase(PASSWORD, f"Password of {name}", confirm=True)
        with vault_.log.attempt(current_user(), "user-add", detail=f"{name} as {', '.join(role)}") as attempt:
            vault_.users.check_new(name, role, password)
            attempt.granted()
            vault_.users.add(name, role, password, now_ms(), full_name)
    console.print(f"{name} may sign in.", markup=False)


@users.command()
def password(name: str = _NAME, vault: Path = VAULT_OPTION) -> None:
    """Set a new password. Open sessions of the user end."""
    from testigo_vault.timestamps import now_ms

    with open_vault(vault) as vault_:
        new = ask_passphrase(PASSWORD, f"New password of {name}", confirm=True)
        with vault_.log.attempt(current_user(), "user-password", detail=name) as attempt:
            vault_.users.check_change(name, password=new)
            attempt.granted()
            vault_.users.set_password(name, new, now_ms())


@users.command()
def roles(name: str = _NAME, role: list[str] = _ROLE, vault: Path = VAULT_OPTION) -> None:
    """Change the roles of a user."""
    what = f"{name} as {', '.join(role)}"
    with open_vault(vault) as vault_, vault_.log.attempt(current_user(), "user-roles", detail=what) as attempt:
        vault_.users.check_change(name, role)
        attempt.granted()
        vault_.users.set_roles(name, role)


@users.command()
def disable(name: str = _NAME, vault: Path = VAULT_OPTION) -> None:
    """Disable an account. Accounts are never deleted, since the access log names them."""
    from testigo_vault.timestamps import now_ms

    with open_vault(vault) as vault_, vault_.log.attempt(current_user(), "user-disable", detail=name) as attempt:
        vault_.users.check_change(name)
        attempt.granted()
        vault_.users.disable(name, now_ms())


@users.command("list")
def list_users(vault: Path = VAULT_OPTION) -> None:
    """List the users and their roles."""
    with open_vault(vault) as vault_:
        for user in vault_.users.all():
            state = "disabled" if user.disabled_ms else "active"
            console.print(f"{user.name}  {user.full_name}  {user.roles}  {state}", markup=False)


def register(app: typer.Typer) -> None:
    app.add_typer(users, name="user")
