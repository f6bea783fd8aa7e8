"""`testigo consent`: write the consent receipt of a call, and check such a receipt."""

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING

import typer
from rich.markup import escape

from testigo_tools.new_file import write_new
from testigo_tools.options import VAULT_OPTION, ask_passphrase, console, current_user, errors, open_vault, report_errors

if TYPE_CHECKING:
    from testigo_vault.receipt.model import Receipt

SECRET = "TESTIGO_SERVICE_SECRET"

consents = typer.Typer(no_args_is_help=True, help="Write and check receipts of consent, refusal and objection.")


class Language(StrEnum):
    es = "es"
    en = "en"


@consents.command()
def export(
    name: str = typer.Argument(..., help="The recording: its id, 6 or more digits of the id, or APPLIANCE/NUMBER."),
    out: Path | None = typer.Option(None, help="The JSON file to write; by default the id with .consent.json."),
    pdf: Path | None = typer.Option(None, help="Also write a page to read and print, with the JSON attached."),
    language: Language | None = typer.Option(None, help="The language of the page; by default that of the notice."),
    with_key: bool = typer.Option(
        False, help="Include the key that opens the events (not the audio) of this one recording."
    ),
    vault: Path = VAULT_OPTION,
) -> None:
    """Write the consent receipt of a call: who, when, the notice, the answer, the policy. It holds no audio.

    It leaves an entry in the access log.
    """
    from datetime import datetime

    from testigo_vault.receipt import build as receipt
    from testigo_vault.receipt.page import receipt_page
    from testigo_vault.recordings.search import RecordingIndex
    from testigo_vault.reports import pdf as pdf_report

    with open_vault(vault) as vault_, vault_.log.attempt(current_user(), receipt.LOGGED) as attempt:
        recording = RecordingIndex(vault_.database).get(name)
        attempt.recording = recording.id
        receipt_id, issued = receipt.new_id()
        target = out or Path(f"{recording.id}.consent.json")
        made = receipt.make(vault_, recording, receipt_id, issued, language.value if language else "", with_key)
        file = receipt.as_file(made)
        page = None
        if pdf is not None:
            page = pdf_report.render(receipt_page(made, target.name, file), datetime.fromisoformat(issued), pages=1)
        attempt.detail = receipt.log_detail(receipt_id, issued)
        attempt.granted()
        console.print(f"{write_new(target, file)}", markup=False)
        _lacks(made)
        if pdf is not None and page is not None:
            console.print(f"{write_new(pdf, page)}", markup=False)


def _lacks(made: "Receipt") -> None:
    """Print what is missing in a receipt, before it is handed on."""
    policy = made.testigo.policy
    if policy.version and policy.signed is None:
        errors.print(
            f"[yellow]Note:[/] the archive does not have policy version {policy.version}, so the receipt says nothing of "
            "controller, purposes and keeping. Restore documents/archive from the backup, then export another."
        )
    if any(not notice.document for notice in made.testigo.notices):
        errors.print(
            "[yellow]Note:[/] the archive does not have each notice that was played, so the receipt lacks its words. Restore "
            "documents/archive from the backup, then export another."
        )


@consents.command()
def verify(
    file: Path = typer.Argument(..., metavar="RECEIPT", help="The receipt (JSON)."),
    recording: Path | None = typer.Argument(None, help="The recording (.tsg) that it is about."),
    vault: Path | None = typer.Option(
        None, "--vault", envvar="TESTIGO_VAULT", help="The vault's folder: its keys, register and archive."
    ),
    index_key: Path | None = typer.Option(None, help="The vault's index.key, if the vault itself is not available."),
) -> None:
    """Check a receipt against itself, the recording and the vault, without opening any audio.

    Exit status: 0 all checks passed, 1 something differs. Each check is printed on a line.
    """
    from testigo_vault.identity import keys
    from testigo_vault.receipt.model import read
    from testigo_vault.receipt.verify import DIFFERS, OK, check

    marks = {OK: "[green]✓[/]", DIFFERS: "[red]✗[/]"}
    with report_errors():
        receipt = read(_bytes(file), str(file))
        data = _bytes(recording) if recording else None
        opener = None
        if index_key is not None:
            secret = ask_passphrase(SECRET, "Service secret of the vault")
            opener = keys.StreamKeyOpener(keys.load_private_key(index_key, secret, "index"))
        if vault is not None:
            with open_vault(vault) as vault_:
                checks = check(receipt, data, opener, vault_)
        else:
            checks = check(receipt, data, opener)
    for one in checks:
        note = "" if one.state in marks else "[yellow]not checked:[/] "
        console.print(f"{marks.get(one.state, '[yellow]–[/]')} {note}{escape(_visible(one.text))}", soft_wrap=True)
    differing = sum(one.state == DIFFERS for one in checks)
    if differing:
        console.print(f"{len(checks)} checks, {differing} differ: this receipt is not to be relied on.")
        raise typer.Exit(1)
    left = sum(one.state not in marks for one in checks)
    console.print(f"{len(checks) - left} checks hold" + (f", {left} could not be made." if left else "."))


def _bytes(path: Path) -> bytes:
    from testigo_vault.errors import NotFound

    try:
        return path.read_bytes()
    except OSError as error:
        raise NotFound(f"{path} cannot be read: {error.strerror}.", "Give the path of the file.") from None


def _visible(text: str) -> str:
    from testigo_vault.printable import visible

    return visible(text)


def register(app: typer.Typer) -> None:
    app.add_typer(consents, name="consent")
