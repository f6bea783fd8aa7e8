"""Shows a dry run of a policy (`testigo policy try`) and what a policy means (`testigo policy check`)."""

import hashlib
import json
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from rich.markup import escape
from rich.table import Table

from testigo_tools.options import console, current_user

if TYPE_CHECKING:
    from testigo_vault.documents.archive import DocumentFolder
    from testigo_vault.policy.simulate import Trial
    from testigo_vault.policy.source import PolicySource


def moment(text: str, source: "PolicySource") -> datetime:
    """A time as 2026-11-25 10:00, in the policy's time zone unless it has an offset; now if empty. Raises VaultError."""
    from testigo_vault.errors import VaultError

    zone = ZoneInfo(source.timezone)
    if not text:
        return datetime.now(zone)
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise VaultError(f"{text!r} is no time.", "Write it as 2026-11-25 10:00.") from None
    return found.replace(tzinfo=zone) if found.tzinfo is None else found.astimezone(zone)


def trial(source: "PolicySource", caller: str, callee: str, at: str, line: str, direction: str, vault: Path) -> "Trial":
    """Simulate a call. It uses the vault's list of objections, if there is a vault; the look-up is in the access log."""
    from testigo_vault import config
    from testigo_vault.objections.register import KINDS, on_signed_list
    from testigo_vault.policy import simulate
    from testigo_vault.vault import Vault

    when = moment(at, source)
    if not (vault / config.FILE_NAME).exists():
        return simulate.run(source, caller, callee, when, line, direction, None)
    opened = Vault(vault)
    documents = opened.documents

    def objected(numbers: list[str]) -> bool:
        if not documents.objections_path().exists():
            return False
        with opened.log.attempt(current_user(), KINDS[3], detail="by policy try") as attempt:
            attempt.granted()
            return on_signed_list(documents, numbers)

    try:
        result = simulate.run(source, caller, callee, when, line, direction, objected)
        result.steps.insert(0, simulate.Step("Signed", _signed(source, documents)))
        return result
    finally:
        opened.close()


def _signed(source: "PolicySource", documents: "DocumentFolder") -> str:
    """Whether this text is the policy that is signed."""
    path = documents.policy_path()
    if not path.exists():
        return "no policy is signed yet"
    held = documents.read(path)
    same = hashlib.sha256(source.text.encode()).digest() == held.body[5]
    return f"as version {held.version}" if same else f"not yet: version {held.version} is of another text"


def show(result: "Trial") -> None:
    table = Table(box=None, pad_edge=False, show_header=False)
    table.add_column(style="bold")
    table.add_column()
    for step in result.steps:
        table.add_row(step.what, f"[yellow]{escape(step.says)}[/]" if step.stops else escape(step.says))
    console.print(table)
    if not result.paths:
        return
    table = Table(title="What may come", title_justify="left", title_style="bold", show_lines=True)
    for heading in ("If", "Then", "In the end"):
        table.add_column(heading)
    for path in result.paths:
        moves = "\n".join(f"{move.happens}: {move.does} \\[{move.state}]" for move in path.moves)
        table.add_row(escape(path.name), moves, escape(path.words))
    console.print(table)


def as_json(result: "Trial") -> str:
    data = asdict(result)
    data["at"] = result.at.isoformat()
    for path, found in zip(data["paths"], result.paths, strict=True):
        path["words"] = found.words
    return json.dumps(data)


def summarise(source: "PolicySource") -> None:
    """Each line of the policy in words."""
    from testigo_vault.policy import describe

    controller = source.controller
    console.print(f"[bold]{escape(controller.name)}[/], {escape(controller.contact)}")
    console.print(f"Emergency calls: {escape(describe.emergency(source))}", soft_wrap=True)
    for line in source.lines:
        console.print(f"[bold]{escape(describe.title(line))}[/]")
        for what, words in describe.describe(line, source):
            console.print(f"  {what:<15} {escape(words)}", soft_wrap=True)
