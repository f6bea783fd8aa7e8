"""The record of processing activities (GDPR article 30(1); LOPDGDD article 31) for the recording of calls, and where another
company records or keeps, the processor's own record (article 30(2))."""

from testigo_vault.compliance.facts import ComplianceFacts
from testigo_vault.compliance.rendering import render
from testigo_vault.reports.blocks import Report


def report(facts: ComplianceFacts, language: str) -> Report:
    return render("ropa", facts, language)
