"""`testigo notice make`: what callers hear, from a WAV file or spoken by espeak-ng."""

from pathlib import Path

import typer

from testigo_tools.vault_options import VAULT_OPTION, console, told

notices = typer.Typer(no_args_is_help=True, help="The notices that callers hear.")


@notices.command()
def make(
    name: str = typer.Argument(..., help="The notice's name, as policies call it."),
    wav: Path | None = typer.Option(None, help="A recording of it."),
    text: str = typer.Option("", help="Its words; without --wav they are spoken by espeak-ng."),
    language: str = typer.Option("en", help="Language of the words (BCP 47); also the voice of espeak-ng."),
    vault: Path = VAULT_OPTION,
) -> None:
    """Normalise the loudness (EBU R128), encode for the telephone (G.711), sign, and keep for the appliances."""
    from testigo_vault import notice_audio
    from testigo_vault.organisation import Organisation
    from testigo_vault.policy import sign_notice

    with told():
        organisation = Organisation(vault)
        sound = notice_audio.from_file(wav) if wav else notice_audio.from_text(text, language)
        version = sign_notice(organisation, name, language, text, sound)
    console.print(f"Notice {name}, version {version}: {sound.total_ms / 1000:.1f} s, signed.")


@notices.command("list")
def list_notices(vault: Path = VAULT_OPTION) -> None:
    """The notices there are."""
    from testigo_vault.organisation import Organisation

    with told():
        documents = Organisation(vault).documents
        for name in documents.notice_names():
            document = documents.read(documents.notice_path(name))
            _, language, text, total_ms, _ = document.body
            console.print(
                f"{name}  version {document.version}  {language}  {total_ms / 1000:.1f} s  {text}", markup=False
            )


def register(app: typer.Typer) -> None:
    app.add_typer(notices, name="notice")
