"""`testigo init`: create an organisation's keys and an empty vault."""

from pathlib import Path

import typer

from testigo_tools.options import AUDIO_PASSPHRASE, PASSPHRASE, ask_passphrase, console, report_errors

STEPS = (  # notices take their words from the policy, and the policy is signed when its notices are there
    ("edit policy.toml there, then testigo policy check", "what may be recorded; see testigo policy presets"),
    ("testigo notice make welcome", "what callers hear"),
    ("testigo policy sign", ""),
    ("edit settings.toml there", "an appliance's lines, network and vault"),
    ("testigo provision --port PORT --device-id NAME", "an appliance"),
    ("testigo vault run", "the service"),
)


def init(
    folder: Path = typer.Argument(..., help="A new folder for the vault."),
    name: str = typer.Option("", help="The organisation's name, for pages and certificates."),
    user: str = typer.Option("", help="Also add a first user, with every role."),
) -> None:
    """Create an organisation: its keys and certificates, and an empty vault.

    Two passphrases protect the private keys, asked for at the terminal or taken from TESTIGO_PASSPHRASE (certifies
    appliances) and TESTIGO_AUDIO_PASSPHRASE (opens audio). They cannot be recovered. --user also wants
    TESTIGO_PASSWORD.
    """
    from testigo_vault.identity.roles import ROLES
    from testigo_vault.new_vault import create
    from testigo_vault.timestamps import now_ms
    from testigo_vault.vault import Vault

    with report_errors():
        passphrase = ask_passphrase(PASSPHRASE, "Passphrase of the organisation", confirm=True)
        audio = ask_passphrase(AUDIO_PASSPHRASE, "Passphrase for audio", confirm=True)
        password = ask_passphrase("TESTIGO_PASSWORD", f"Password of {user}", confirm=True) if user else ""
        with console.status("Making keys") as status:
            create(
                folder, name or folder.resolve().name, passphrase, audio, lambda text: status.update(text.capitalize())
            )
            vault = Vault(folder)
            if user:
                vault.users.add(user, list(ROLES), password, now_ms())
            vault.close()
    console.print(f"The vault is in [bold]{folder}[/]. Next:")
    console.print(f"     export TESTIGO_VAULT={folder}   so that the other commands find it", soft_wrap=True)
    for number, (what, why) in enumerate(STEPS, 1):
        console.print(f"  {number}. {what:<49}  {why}".rstrip(), soft_wrap=True)
    console.print("Keep a copy of the folder organisation/ in another place: without it, recordings cannot be opened.")


def register(app: typer.Typer) -> None:
    app.command()(init)
