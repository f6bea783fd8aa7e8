"""`testigo policy sign`: from the TOML that a person wrote to the document that appliances obey."""

from pathlib import Path

import typer

from testigo_tools.vault_options import VAULT_OPTION, console, told

policies = typer.Typer(no_args_is_help=True, help="What appliances may record.")


@policies.command()
def sign(
    file: Path | None = typer.Argument(None, help="The policy; policy.toml of the vault where none is given."),
    vault: Path = VAULT_OPTION,
) -> None:
    """Check a policy, sign it, and keep it for the appliances, which get it at their next sync."""
    from testigo_vault.organisation import Organisation
    from testigo_vault.policy import sign_policy

    with told():
        organisation = Organisation(vault)
        version = sign_policy(organisation, file or vault / "policy.toml")
    console.print(f"Policy version {version} signed.")


@policies.command()
def settings(
    device_id: str = typer.Argument(..., help="The appliance they are for."),
    file: Path | None = typer.Argument(None, help="The settings; settings.toml of the vault where none is given."),
    vault: Path = VAULT_OPTION,
) -> None:
    """Check an appliance's settings, sign them, and keep them for it."""
    from testigo_vault.organisation import Organisation
    from testigo_vault.policy import sign_settings

    with told():
        version = sign_settings(Organisation(vault), file or vault / "settings.toml", device_id)
    console.print(f"Settings of {device_id}, version {version}, signed.")


def register(app: typer.Typer) -> None:
    app.add_typer(policies, name="policy")
