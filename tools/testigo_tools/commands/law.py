"""`testigo law`: write the compliance documents from the policy, the settings and the vault."""

from enum import StrEnum
from pathlib import Path

import typer

from testigo_tools.new_file import write_new
from testigo_tools.options import VAULT_OPTION, console, open_vault

laws = typer.Typer(
    no_args_is_help=True, help="Compliance documents: record of activities, processor agreement, security document."
)


class Language(StrEnum):
    es = "es"
    en = "en"


class Form(StrEnum):
    md = "md"
    pdf = "pdf"


_LANGUAGE = typer.Option(
    None, help="Language: es or en; by default Spanish if the policy's jurisdiction is ES, else English."
)
_OUT = typer.Option(None, help="The file to write; without it, print Markdown.")
_FORMAT = typer.Option(None, "--format", help="Format; by default from the file's name.")
_POLICY = typer.Option(None, help="A policy file; by default policy.toml of the vault.")


@laws.command()
def ropa(
    language: Language | None = _LANGUAGE,
    out: Path | None = _OUT,
    form: Form | None = _FORMAT,
    policy: Path | None = _POLICY,
    vault: Path = VAULT_OPTION,
) -> None:
    """Write the record of processing activities (GDPR 30)."""
    _write("ropa", language, out, form, policy, vault)


@laws.command("processor-agreement")
def processor_agreement(
    language: Language | None = _LANGUAGE,
    out: Path | None = _OUT,
    form: Form | None = _FORMAT,
    policy: Path | None = _POLICY,
    vault: Path = VAULT_OPTION,
) -> None:
    """Write the agreement with the processor who records or stores for the controller (GDPR 28, formerly LOPD 12)."""
    _write("processor_agreement", language, out, form, policy, vault)


@laws.command("security-document")
def security_document(
    language: Language | None = _LANGUAGE,
    out: Path | None = _OUT,
    form: Form | None = _FORMAT,
    policy: Path | None = _POLICY,
    vault: Path = VAULT_OPTION,
) -> None:
    """Write the security document (RD 1720/2007 article 88), with each measure of articles 87 and 89 to 104."""
    _write("security_document", language, out, form, policy, vault)


def _write(
    module: str, language: Language | None, out: Path | None, form: Form | None, policy: Path | None, folder: Path
) -> None:
    from importlib import import_module

    from testigo_vault.compliance.facts import gather
    from testigo_vault.errors import VaultError
    from testigo_vault.reports import markdown as markdown_report
    from testigo_vault.reports import pdf as pdf_report

    with open_vault(folder) as vault:
        facts = gather(vault, policy)
        chosen = language.value if language else "es" if facts.policy.jurisdiction == "ES" else "en"
        report = import_module(f"testigo_vault.compliance.{module}").report(facts, chosen)
        pdf = form is Form.pdf or (form is None and out is not None and out.suffix.lower() == ".pdf")
        if pdf and out is None:
            raise VaultError("A PDF goes into a file.", "Add --out FILE.pdf.")
        if out is None:
            print(markdown_report.render(report), end="")
            return
        data = pdf_report.render(report, facts.made) if pdf else markdown_report.render(report).encode()
        write_new(out, data)
    gaps = len(report.gaps())
    console.print(f"{out}  {gaps} to be filled in by people" if gaps else f"{out}", markup=False)


def register(app: typer.Typer) -> None:
    app.add_typer(laws, name="law")
