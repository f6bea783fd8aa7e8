"""`testigo verify`: check the recordings in every copy, and that none is missing."""

from pathlib import Path

import typer
from rich.markup import escape
from rich.progress import Progress

from testigo_tools.options import AUDIO_PASSPHRASE, VAULT_OPTION, ask_passphrase, console, current_user, open_vault


def verify(
    names: list[str] | None = typer.Argument(None, help="Recordings to check; by default all."),
    deep: bool = typer.Option(
        False, help="Also decrypt every audio frame, with the audio passphrase. It leaves an entry in the access log."
    ),
    vault: Path = VAULT_OPTION,
) -> None:
    """Check every copy of recordings: each item, the signature, the order of consent and audio, and the numbers without a gap.

    Exit status: 0 no findings, 1 findings, each of which is printed.
    """
    from testigo_vault.audit.access_log import DENIED, GRANTED
    from testigo_vault.errors import KeyLocked
    from testigo_vault.recordings.search import Query, RecordingIndex
    from testigo_vault.recordings.verification import check_chains, check_copies, describe, unindexed_files
    from testigo_vault.timestamps import now_ms

    wrong = 0
    with open_vault(vault) as vault_:
        index = RecordingIndex(vault_.database)
        if names:
            recordings = [index.get(name) for name in names]
        else:
            recordings, _ = index.find(Query(limit=1 << 31))
        key = None
        if deep:
            passphrase = ask_passphrase(AUDIO_PASSPHRASE, "Audio passphrase")
            try:
                key = vault_.organisation.audio_key(passphrase)
            except KeyLocked:
                vault_.log.append(current_user(), "unlock-audio", DENIED, detail="wrong passphrase")
                raise
        with Progress(console=console, transient=True) as progress:
            for recording in progress.track(recordings, description="Verifying"):
                if key is not None:
                    vault_.log.append(current_user(), "verify-deep", GRANTED, recording.id)
                label = f"{recording.device_id}/{recording.number} {recording.id[:13]}"
                if recording.state == "quarantined":
                    wrong += 1
                    progress.console.print(f"[red]quarantined[/] {escape(label)}: {escape(recording.why)}")
                for result in check_copies(vault_, recording, now_ms(), key):
                    for found in result.findings:
                        wrong += 1
                        text = escape(f"{label}, copy {result.place}: {describe(found)}")
                        progress.console.print(f"[red]not whole[/]   {text}", soft_wrap=True)
        if not names:
            for text in [*check_chains(vault_), *unindexed_files(vault_)]:
                wrong += 1
                console.print(f"[red]missing[/]     {escape(text)}", soft_wrap=True)
    count = len(recordings)
    if wrong:
        console.print(f"{count} recordings checked, {wrong} findings.")
        raise typer.Exit(1)
    console.print(f"{count} recordings checked: all whole, in every copy.")


def register(app: typer.Typer) -> None:
    app.command()(verify)
