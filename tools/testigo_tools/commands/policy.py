"""`testigo policy`: write, check, try and sign the policy and the settings of appliances."""

import re
from enum import StrEnum
from pathlib import Path

import typer
from rich.markup import escape

from testigo_tools.options import VAULT_OPTION, console, errors, report_errors

policies = typer.Typer(no_args_is_help=True, help="Write, check, try and sign what appliances may record.")
FILE = typer.Argument(None, help="The policy file; by default policy.toml of the vault.")


class Direction(StrEnum):
    IN = "in"
    OUT = "out"


@policies.command()
def check(file: Path | None = FILE, vault: Path = VAULT_OPTION) -> None:
    """Report all errors of a policy, legal warnings, and what each line does.

    Exit status: 0 no errors, 1 errors. Notices are checked too if there is a vault.
    """
    from datetime import UTC, datetime

    from testigo_tools.display.policy_trace import summarise
    from testigo_vault import config
    from testigo_vault.documents.archive import documents_of
    from testigo_vault.documents.signing import missing_notices
    from testigo_vault.identity.organisation import Organisation
    from testigo_vault.policy import checks as policy_checks
    from testigo_vault.policy import parser as policy_parser
    from testigo_vault.policy import warnings as policy_warnings
    from testigo_vault.toml.reader import format_problem

    path = file or vault / "policy.toml"
    with report_errors():
        source = policy_parser.load(path)
        now = datetime.now(UTC)
        wrong = policy_checks.unfinished(source, now)
        if (vault / config.FILE_NAME).exists():
            wrong += missing_notices(source, documents_of(Organisation(vault)))
        doubtful = policy_warnings.warnings(source, now)
        summarise(source)
    for problem in sorted(wrong):
        errors.print(f"[red]error:[/] {escape(format_problem(path, problem))}", soft_wrap=True)
    _warn(path, doubtful)
    console.print(f"{_count(len(wrong), 'error')}, {_count(len(doubtful), 'warning')}.")
    if wrong:
        raise typer.Exit(1)


@policies.command()
def sign(file: Path | None = FILE, vault: Path = VAULT_OPTION) -> None:
    """Check and sign a policy. The appliances get it at their next sync."""
    from datetime import UTC, datetime

    from testigo_vault.documents.signing import sign_policy
    from testigo_vault.identity.organisation import Organisation
    from testigo_vault.policy import parser as policy_parser
    from testigo_vault.policy import warnings as policy_warnings

    path = file or vault / "policy.toml"
    with report_errors():
        organisation = Organisation(vault)
        version = sign_policy(organisation, path)
        doubtful = policy_warnings.warnings(policy_parser.load(path), datetime.now(UTC))
    _warn(path, doubtful)
    console.print(f"Policy version {version} signed.")


@policies.command("try")
def try_call(
    caller: str = typer.Option(..., "--from", help="The calling number as it is signalled, or a SIP address."),
    callee: str = typer.Option(..., "--to", help="The called number, or a SIP address."),
    line: str = typer.Option("main", help="The line, as the appliance's settings name it."),
    direction: Direction = typer.Option(Direction.IN, help="in: the other party calls. out: the worker calls."),
    at: str = typer.Option(
        "",
        help="The time of the call, as '2026-11-25 10:00', in the policy's time zone; by default now.",
        show_default="now",
        metavar="TIME",
    ),
    as_json: bool = typer.Option(False, "--json", help="Print JSON, for programs."),
    file: Path | None = FILE,
    vault: Path = VAULT_OPTION,
) -> None:
    """Simulate a call: show step by step what the appliance would do, computed by the appliance's code."""
    from testigo_tools.display import policy_trace
    from testigo_vault.policy import parser as policy_parser

    with report_errors():
        source = policy_parser.load(file or vault / "policy.toml")
        result = policy_trace.trial(source, caller, callee, at, line, direction.value, vault)
    if as_json:
        print(policy_trace.as_json(result))
    else:
        policy_trace.show(result)


@policies.command()
def presets() -> None:
    """List the presets: policies to start from, for different laws."""
    from testigo_vault.policy import presets

    for name in presets.names():
        console.print(f"{name:<13} {presets.sentence(name)}", markup=False, soft_wrap=True)


@policies.command()
def new(
    preset: str = typer.Argument(..., help="The preset: one of `testigo policy presets`."),
    controller: str = typer.Option("", help="The controller: the name of the organisation, as spoken in notices."),
    out: Path | None = typer.Option(
        None, help="The file to write.", show_default="policy-PRESET.toml in the vault's folder"
    ),
    vault: Path = VAULT_OPTION,
) -> None:
    """Write a policy from a preset. What is left to fill in is marked; an existing file is not overwritten."""
    from testigo_vault.errors import VaultError
    from testigo_vault.policy import presets

    with report_errors():
        content = presets.text(preset, controller)
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
    device_id: str = typer.Argument(..., help="The appliance's name."),
    file: Path | None = typer.Argument(None, help="The settings file; by default settings.toml of the vault."),
    vault: Path = VAULT_OPTION,
) -> None:
    """Check and sign an appliance's settings. It gets them at its next sync."""
    from testigo_vault.documents.signing import sign_settings
    from testigo_vault.identity.organisation import Organisation

    with report_errors():
        version = sign_settings(Organisation(vault), file or vault / "settings.toml", device_id)
    console.print(f"Settings of {device_id}, version {version}, signed.")


def _warn(path: Path, doubtful: list) -> None:
    from testigo_vault.toml.reader import format_problem

    for problem in doubtful:
        errors.print(f"[yellow]warning:[/] {escape(format_problem(path, problem))}", soft_wrap=True)


def _count(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"


def register(app: typer.Typer) -> None:
    app.add_typer(policies, name="policy")
