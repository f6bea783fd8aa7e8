"""`testigo user`: who may use the web page, in which roles."""

from pathlib import Path

import typer

from testigo_tools.options import VAULT_OPTION, ask_passphrase, console, current_user, open_vault

users = typer.Typer(no_args_is_help=True, help="The people who use the web page.")
PASSWORD = "TESTIGO_PASSWORD"
_ROLE = typer.Option(
    ..., "--role", help="agent, supervisor, security-officer, auditor, administrator; may be repeated."
)


@users.command()
def add(name: str, role: list[str] = _ROLE, full_name: str = typer.Option(""), vault: Path = VAULT_OPTION) -> None:
    """Add a person. The password is asked for, or taken from TESTIGO_PASSWORD."""
    from testigo_vault.identity.organisation import now_ms

    with open_vault(vault) as vault_:
        password = ask_passphrase(PASSWORD, f"Password of {name}", confirm=True)
        vault_.log.append(current_user(), "user-add", "granted", detail=f"{name} as {', '.join(role)}")
        vault_.users.add(name, role, password, now_ms(), full_name)
    console.print(f"{name} may sign in.", markup=False)


@users.command()
def password(name: str, vault: Path = VAULT_OPTION) -> None:
    """Set a new password; open sessions of that person end."""
    from testigo_vault.identity.organisation import now_ms

    with open_vault(vault) as vault_:
        new = ask_passphrase(PASSWORD, f"New password of {name}", confirm=True)
        vault_.log.append(current_user(), "user-password", "granted", detail=name)
        vault_.users.set_password(name, new, now_ms())


@users.command()
def roles(name: str, role: list[str] = _ROLE, vault: Path = VAULT_OPTION) -> None:
    """Change what a person may do."""
    with open_vault(vault) as vault_:
        vault_.log.append(current_user(), "user-roles", "granted", detail=f"{name} as {', '.join(role)}")
        vault_.users.set_roles(name, role)


@users.command()
def disable(name: str, vault: Path = VAULT_OPTION) -> None:
    """Shut a person out. Accounts are never deleted, since the access log names them."""
    from testigo_vault.identity.organisation import now_ms

    with open_vault(vault) as vault_:
        vault_.log.append(current_user(), "user-disable", "granted", detail=name)
        vault_.users.disable(name, now_ms())


@users.command("list")
def list_users(vault: Path = VAULT_OPTION) -> None:
    """Everybody, with roles."""
    with open_vault(vault) as vault_:
        for user in vault_.users.all():
            state = "disabled" if user.disabled_ms else "active"
            console.print(f"{user.name}  {user.full_name}  {user.roles}  {state}", markup=False)


def register(app: typer.Typer) -> None:
    app.add_typer(users, name="user")
