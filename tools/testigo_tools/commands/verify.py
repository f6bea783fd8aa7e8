"""`testigo verify`: check the recordings in every copy, and that none is missing."""

from pathlib import Path
from typing import TYPE_CHECKING

import typer
from rich.markup import escape
from rich.progress import Progress

from testigo_tools.options import AUDIO_PASSPHRASE, VAULT_OPTION, ask_passphrase, console, current_user, open_vault

if TYPE_CHECKING:
    from testigo_vault.identity.keys import StreamKeyOpener
    from testigo_vault.recordings.verification import CopyResult
    from testigo_vault.storage.models import Recording
    from testigo_vault.vault import Vault

_MARKS = {
    "unlawful": "[red]unlawful[/]   ",
    "irregular": "[yellow]irregular[/]  ",
    "unchecked": "[yellow]not checked[/]",
}


def verify(
    names: list[str] | None = typer.Argument(None, help="Recordings to check; by default all."),
    deep: bool = typer.Option(
        False, help="Also decrypt every audio frame, with the audio passphrase. It leaves an entry in the access log."
    ),
    vault: Path = VAULT_OPTION,
) -> None:
    """Check every copy of recordings: each item, the signature, the order of consent and audio, the signed documents, and the
    numbers without a gap.

    Exit status: 0 no findings, 1 findings, each of which is printed. What is irregular or could not be checked is printed too,
    and does not change the status.
    """
    from testigo_vault.recordings.search import RecordingIndex
    from testigo_vault.recordings.verification import check_chains, describe, unindexed_files

    wrong = 0
    told = dict.fromkeys(_MARKS, 0)
    with open_vault(vault) as vault_:
        index = RecordingIndex(vault_.database)
        recordings = index.named(names)
        key = None
        if deep:
            passphrase = ask_passphrase(AUDIO_PASSPHRASE, "Audio passphrase")
            with vault_.log.attempt(current_user(), "unlock-audio"):
                key = vault_.organisation.audio_key(passphrase)
        with Progress(console=console, transient=True) as progress:
            for recording in progress.track(recordings, description="Verifying"):
                label = f"{recording.device_id}/{recording.number} {recording.id[:13]}"
                if recording.state == "quarantined":
                    wrong += 1
                    progress.console.print(f"[red]quarantined[/] {escape(label)}: {escape(recording.why)}")
                for result in _check(vault_, recording, key):
                    for found in result.torn:
                        text = escape(f"{label}, copy {result.place}: item {found.item}, when power or storage failed")
                        progress.console.print(f"[yellow]torn[/]        {text}", soft_wrap=True)
                    for found in result.findings:
                        wrong += 1
                        text = escape(f"{label}, copy {result.place}: {describe(found)}")
                        progress.console.print(f"[red]not whole[/]   {text}", soft_wrap=True)
                for severity, text in _law(index.get(recording.id)):
                    told[severity] += 1
                    progress.console.print(f"{_MARKS[severity]} {escape(f'{label}: {text}')}", soft_wrap=True)
        if not names:
            for text in [*check_chains(vault_), *unindexed_files(vault_)]:
                wrong += 1
                console.print(f"[red]missing[/]     {escape(text)}", soft_wrap=True)
    count = len(recordings)
    wrong += told["unlawful"]
    if told["irregular"] or told["unchecked"]:
        console.print(f"{told['irregular']} irregular, {told['unchecked']} not checked: see docs/lawfulness.md.")
    if wrong:
        console.print(f"{count} recordings checked, {wrong} findings.")
        raise typer.Exit(1)
    console.print(f"{count} recordings checked: all whole, in every copy.")


def _check(vault: "Vault", recording: "Recording", key: "StreamKeyOpener | None") -> "list[CopyResult]":
    """With the audio key it is an access to the recording."""
    from testigo_vault.recordings.verification import check_copies
    from testigo_vault.timestamps import now_ms

    if key is None:
        return check_copies(vault, recording, now_ms())
    with vault.log.attempt(current_user(), "verify-deep", recording.id) as attempt:
        attempt.granted()
        return check_copies(vault, recording, now_ms(), key)


def _law(recording: "Recording") -> list[tuple[str, str]]:
    """(severity, text) of what the check of lawfulness finds now."""
    return [(found.severity, f"{found.code}: {found.text}") for found in recording.findings if found.severity in _MARKS]


def register(app: typer.Typer) -> None:
    app.command()(verify)
