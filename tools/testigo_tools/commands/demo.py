"""`testigo demo`: a vault and an appliance with four telephone calls, on the loopback network of this machine."""

import asyncio
import signal
import sys
import tempfile
import time
import webbrowser
from functools import partial
from pathlib import Path
from typing import Any

import typer
from rich.markup import escape
from rich.table import Table

from testigo_tools import terminal

console = terminal.console()
ARRIVAL_S = 40
LOST_MS = 500  # what a power cut may take


async def _calls(environment: Any, tell: Any) -> list:
    from testigo_tools.demo import calls as demo_calls
    from testigo_tools.softphone.phone import Softphone

    spoken = demo_calls.speak(_notice_ms(environment))
    happened = []
    async with (
        Softphone(port=environment.far, user="caller") as caller,
        Softphone(port=environment.near, user="worker") as worker,
    ):
        for number, place in enumerate(demo_calls.CALLS, 1):
            happened.append(await place(environment, spoken, caller, worker, partial(tell, f"call {number}:")))
    return happened


def _notice_ms(environment: Any) -> int:
    from testigo_wire.policy import documents

    signed = environment.vault.documents.notice_path("welcome").read_bytes()
    return int(documents.parse(signed).body[3])


def _arrived(environment: Any, number: int) -> Any:
    """The recording of that number from the vault's index, once the appliance has brought it."""
    from testigo_tools.demo.environment import DEVICE, DemoError
    from testigo_vault.errors import NotFound
    from testigo_vault.recordings.search import RecordingIndex

    end = time.monotonic() + ARRIVAL_S
    while True:
        try:
            return RecordingIndex(environment.vault.database).get(f"{DEVICE}/{number}")
        except NotFound:
            if time.monotonic() > end:
                raise DemoError(
                    f"recording {number} did not reach the vault: see {environment.root / 'log.txt'} "
                    f"and {environment.folder / 'vault.log'}"
                ) from None
            time.sleep(0.3)


def _verdict(environment: Any, recording: Any, key: Any, number: int, cut_ms: int) -> tuple[str, bool]:
    """(what became of it, whether that is right). Opens the audio, which the access log then says."""
    from testigo_vault.playback.decrypt import open_audio
    from testigo_vault.recordings.verification import check_copies
    from testigo_vault.timestamps import now_ms

    expected = {1: ("recorded", "present"), 2: ("refused", "none"), 3: ("objected", "erased"), 4: ("cut", "present")}
    results = check_copies(environment.vault, recording, now_ms(), key)
    whole = all(not result.findings for result in results)
    right = whole and recording.state == "good" and (recording.outcome, recording.audio) == expected[number]
    text = f"{len(results)} copies verified" if whole else "; ".join(result.text for result in results)
    if right and recording.audio == "present":
        with environment.vault.log.attempt("demo", "audio", recording.id) as attempt:
            attempt.granted()
            timeline = open_audio(environment.vault, recording, key)
        heard = not any(leg.sound.silent for leg in timeline.legs)
        right = heard
        seconds = (timeline.duration_ms - timeline.first_ms) / 1000
        text += f"; {seconds:.1f} s of both parties" if heard else "; silence only"
        if cut_ms:
            lost = cut_ms - recording.opened_ms - max(leg.last_ms for leg in timeline.legs)
            right = right and lost <= LOST_MS
            text += f"; {max(0, lost)} ms lost"
    return text, right


def _table(rows: list) -> Table:
    table = Table(title="What became of the four calls", title_justify="left")
    for column in ("", "The caller", "In the vault", "Audio", "Checked", ""):
        table.add_column(column)
    for number, story, outcome, audio, text, right in rows:
        table.add_row(str(number), story, outcome, audio, text, "[green]right[/]" if right else "[bold red]WRONG[/]")
    return table


def _stay(environment: Any) -> None:
    from testigo_tools.demo.environment import USER, has_display

    console.print()
    console.print(f"The vault's page:  [bold]{environment.address}[/]", highlight=False)
    console.print(
        f"  sign in as [bold]{USER}[/] with password [bold]{escape(environment.password)}[/]", highlight=False
    )
    console.print(
        f"  the passphrase that opens audio is [bold]{escape(environment.audio_passphrase)}[/]", highlight=False
    )
    console.print("Ctrl-C ends the demonstration and removes what it made.", highlight=False)
    if has_display():
        webbrowser.open(environment.address)
    try:
        signal.pause()
    except KeyboardInterrupt:
        console.print()


def demo(
    once: bool = typer.Option(False, help="End after the calls; exit status 0 if all four ended as expected."),
) -> None:
    """Start a vault and a virtual appliance, place four calls with speech, and show the result of each."""
    from testigo_tools.demo.environment import DemoEnvironment, DemoError
    from testigo_tools.softphone.phone import CallFailed
    from testigo_vault.errors import VaultError
    from testigo_vault.recordings.wording import AUDIO, OUTCOMES

    began = time.monotonic()

    def tell(*words: str) -> None:
        console.print(f"[dim]{time.monotonic() - began:6.1f} s[/]  {escape(' '.join(words))}", highlight=False)

    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    with tempfile.TemporaryDirectory(prefix="testigo-demo-") as folder:
        environment = DemoEnvironment(Path(folder), tell)
        try:
            environment.make()
            environment.wait_for_sip()
            happened = asyncio.run(_calls(environment, tell))
            tell("the appliance brings the recordings to the vault, and deletes them against signed receipts")
            key = environment.vault.organisation.audio_key(environment.audio_passphrase)
            rows = []
            for number, call in enumerate(happened, 1):
                recording = _arrived(environment, number)
                text, right = _verdict(environment, recording, key, number, call.cut_ms)
                outcome = OUTCOMES[recording.outcome]
                rows.append((number, call.story, outcome, AUDIO[recording.audio], text, right))
            console.print(_table(rows))
            good = all(row[-1] for row in rows)
            if not once:
                _stay(environment)
        except (DemoError, VaultError, CallFailed, TimeoutError) as error:
            tail = [
                line
                for log in ("appliance/log.txt", "appliance/stderr.log", "vault.log")
                for line in _tail(environment, log)
            ]
            console.print("\n".join(tail), markup=False, highlight=False)
            console.print(f"[red]error:[/] {escape(str(error) or type(error).__name__)}", highlight=False)
            good = False
        finally:
            environment.close()
    if not good:
        raise typer.Exit(1)


def _tail(environment: Any, name: str) -> list[str]:
    path = environment.folder / name
    return [f"{name}: {line}" for line in path.read_text(errors="replace").splitlines()[-8:]] if path.exists() else []


def register(app: typer.Typer) -> None:
    app.command()(demo)
