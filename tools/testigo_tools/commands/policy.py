"""`testigo policy`: from the TOML that a person wrote to the document that appliances obey."""

import re
from enum import StrEnum
from pathlib import Path

import typer
from rich.markup import escape

from testigo_tools.options import VAULT_OPTION, console, errors, report_errors

policies = typer.Typer(no_args_is_help=True, help="What appliances may record.")
FILE = typer.Argument(None, help="The policy; policy.toml of the vault where none is given.")


class Direction(StrEnum):
    IN = "in"
    OUT = "out"


@policies.command()
def check(file: Path | None = FILE, vault: Path = VAULT_OPTION) -> None:
    """Tell all that is wrong with a policy, what the law expects otherwise, and what each line does. Status 1 for errors.

    Notices are looked for where there is a vault.
    """
    from datetime import UTC, datetime

    from testigo_tools.display.policy_trace import summarise
    from testigo_vault import config
    from testigo_vault.documents.signing import missing_notices
    from testigo_vault.identity.organisation import Organisation
    from testigo_vault.policy import checks as policy_checks
    from testigo_vault.policy import parser as policy_toml
    from testigo_vault.policy import warnings as policy_warnings
    from testigo_vault.toml.reader import told as sentence

    path = file or vault / "policy.toml"
    with report_errors():
        source = policy_toml.load(path)
        now = datetime.now(UTC)
        wrong = policy_checks.unfinished(source, now)
        if (vault / config.FILE_NAME).exists():
            wrong += missing_notices(source, Organisation(vault).documents)
        doubtful = policy_warnings.warnings(source, now)
        summarise(source)
    for problem in sorted(wrong):
        errors.print(f"[red]error:[/] {escape(sentence(path, problem))}", soft_wrap=True)
    _warn(path, doubtful)
    console.print(f"{_count(len(wrong), 'error')}, {_count(len(doubtful), 'warning')}.")
    if wrong:
        raise typer.Exit(1)


@policies.command()
def sign(file: Path | None = FILE, vault: Path = VAULT_OPTION) -> None:
    """Check a policy, sign it, and keep it for the appliances, which get it at their next sync."""
    from datetime import UTC, datetime

    from testigo_vault.documents.signing import sign_policy
    from testigo_vault.identity.organisation import Organisation
    from testigo_vault.policy import parser as policy_toml
    from testigo_vault.policy import warnings as policy_warnings

    path = file or vault / "policy.toml"
    with report_errors():
        organisation = Organisation(vault)
        version = sign_policy(organisation, path)
        doubtful = policy_warnings.warnings(policy_toml.load(path), datetime.now(UTC))
    _warn(path, doubtful)
    console.print(f"Policy version {version} signed.")


@policies.command("try")
def try_call(
    caller: str = typer.Option(..., "--from", help="Who calls: a number as it is signalled, or a SIP address."),
    callee: str = typer.Option(..., "--to", help="Who is called."),
    line: str = typer.Option("main", help="The line, as the appliance's settings name it."),
    direction: Direction = typer.Option(Direction.IN, help="in: the other party calls; out: the worker does."),
    at: str = typer.Option(
        "", help="When, as '2026-11-25 10:00', by the policy's clocks.", show_default="now", metavar="TIME"
    ),
    as_json: bool = typer.Option(False, "--json", help="For programs."),
    file: Path | None = FILE,
    vault: Path = VAULT_OPTION,
) -> None:
    """A dry run: what would happen to this call, step by step, decided by the appliance's own code."""
    from testigo_tools.display import policy_trace as policy_try
    from testigo_vault.policy import parser as policy_toml

    with report_errors():
        source = policy_toml.load(file or vault / "policy.toml")
        result = policy_try.trial(source, caller, callee, at, line, direction.value, vault)
    if as_json:
        print(policy_try.as_json(result))
    else:
        policy_try.show(result)


@policies.command()
def presets() -> None:
    """Policies to begin with, for different laws."""
    from testigo_vault.policy import presets as kept

    for name in kept.names():
        console.print(f"{name:<13} {kept.sentence(name)}", markup=False, soft_wrap=True)


@policies.command()
def new(
    preset: str = typer.Argument(..., help="One of `testigo policy presets`."),
    controller: str = typer.Option("", help="Who decides that calls are recorded, as it is spoken."),
    out: Path | None = typer.Option(None, help="A new file.", show_default="policy-PRESET.toml in the vault's folder"),
    vault: Path = VAULT_OPTION,
) -> None:
    """Write a policy from a preset. What is left to fill in is marked; nothing that exists is overwritten."""
    from testigo_vault.errors import VaultError
    from testigo_vault.policy import presets as kept

    with report_errors():
        content = kept.text(preset, controller)
        path = out or vault / f"policy-{preset}.toml"
        try:
            with path.open("x", encoding="utf-8") as file:
                try:
                    file.write(content)
                    file.flush()
                except OSError:
                    path.unlink()
                    raise
        except FileExistsError:
            raise VaultError(f"{path} exists already.", "Give another by --out.") from None
        except OSError as error:
            raise VaultError(f"{path} cannot be written: {error.strerror}.", "Give another by --out.") from None
    console.print(f"{path} is written. Replace what begins with FILL IN, then:", markup=False, soft_wrap=True)
    notices = dict.fromkeys(re.findall(r'^notice = "([^"]+)"', content, re.MULTILINE))
    for step in (
        f"testigo policy check {path}",
        f"mv {path} {vault / 'policy.toml'}",
        *(f"testigo notice make {name}" for name in notices),
        "testigo policy sign",
    ):
        console.print(f"  {step}", markup=False, soft_wrap=True)


@policies.command()
def settings(
    device_id: str = typer.Argument(..., help="The appliance they are for."),
    file: Path | None = typer.Argument(None, help="The settings; settings.toml of the vault where none is given."),
    vault: Path = VAULT_OPTION,
) -> None:
    """Check an appliance's settings, sign them, and keep them for it."""
    from testigo_vault.documents.signing import sign_settings
    from testigo_vault.identity.organisation import Organisation

    with report_errors():
        version = sign_settings(Organisation(vault), file or vault / "settings.toml", device_id)
    console.print(f"Settings of {device_id}, version {version}, signed.")


def _warn(path: Path, doubtful: list) -> None:
    from testigo_vault.toml.reader import told as sentence

    for problem in doubtful:
        errors.print(f"[yellow]warning:[/] {escape(sentence(path, problem))}", soft_wrap=True)


def _count(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"


def register(app: typer.Typer) -> None:
    app.add_typer(policies, name="policy")
